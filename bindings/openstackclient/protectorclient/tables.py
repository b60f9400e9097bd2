"""The fields of what is shown, and their order, which scripts and eyes rely on."""

from protectorclient import columns, errors

GROUP = (
    "id",
    "name",
    "status",
    "replication_type",
    "primary_site",
    "secondary_site",
    "current_primary_site",
    "consistency_group_id",
    "failover_count",
    "last_failover_at",
)
OPERATION = (
    "id",
    "operation_type",
    "status",
    "progress",
    "source_site",
    "target_site",
    "started_at",
    "completed_at",
    "steps_completed",
    "steps_failed",
    "error_message",
)
PLAN = ("operation_type", "group_name", "source_site", "target_site", "hash", "recovery", "steps")

_FORMS = {
    "steps_completed": columns.Steps,
    "steps_failed": columns.Document,
    "steps_skipped": columns.Names,
    "steps_not_undone": columns.Names,
    "primary_of": columns.Names,
    "secondary_of": columns.Names,
    "reasons": columns.Names,
    "possible": columns.Names,
    "released_by": columns.Names,
    "needed_by": columns.Names,
    "problems": columns.Names,
    "seconds": columns.Seconds,
    "age": columns.Age,
    "objective": columns.Age,
    "replication_interval": columns.Age,
    "retention": columns.Age,
}


def value(field, found):
    """A value in the form of its field."""
    if form := _FORMS.get(field):
        return form(found)
    return columns.Document(found) if isinstance(found, (dict, list)) else found


def one(document, fields, long=False):
    """A document as fields and values; all that it has, after the usual ones, with `long`."""
    names = list(fields)
    if long:
        names += [name for name in document if name not in fields]
    return names, [value(name, document.get(name)) for name in names]


def many(documents, fields):
    """Documents as a table."""
    return fields, ([value(field, document.get(field)) for field in fields] for document in documents)


def plan(document):
    """What planning came to, as fields and values."""
    found = document["plan"]
    names, values = one(found, PLAN[:-1])
    names += ["steps", "warnings", "loss", "replication"]
    values += [
        columns.Lines(found["steps"], step_told),
        columns.Lines(document["warnings"], errors.finding_told),
        columns.Document(document["loss"]),
        columns.Document(document["replication"]),
    ]
    return names, values


def step_told(step):
    """A step in one line."""
    site = f" [{step['site']}]" if step["site"] else ""
    return f"{step['id']}{site}: {step['title']}"


def array(found):
    """An array of a site, in a word."""
    return found["name"] if found["reachable"] else f"{found['name']} (does not answer)"
