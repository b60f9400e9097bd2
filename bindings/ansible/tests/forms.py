"""The forms of what modules return, as JSON schemas: of each module what its RETURN says, and of the documents in it what is on
record of the command whose form RETURN gives them."""

import ast
import functools
import json
import re
from pathlib import Path

import yaml

MODULES = Path(__file__).parent.parent / "plugins" / "modules"
RECORD = Path(__file__).parents[3] / "protector-cli" / "tests" / "command" / "snapshots"
LIKE = re.compile(r"in the form of C\(protector ([a-z -]+?) --output json\)")

TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object", "list": "array"}
KINDS = ("string", "number", "boolean")
TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
# What Ansible adds to what any module returns, or is about the task.
OF_ANSIBLE = {
    "changed": {"type": "boolean"}, "failed": {"type": "boolean"}, "invocation": {"type": "object"}, "warnings": TEXTS,
    "diff": {"type": "array", "items": {"type": "object"}},
}
# What README says of failures, with what is known of where they came from.
OF_FAILURES = {
    "msg": TEXT, "code": TEXT, "hint": TEXT, "exit_code": {"type": "integer"}, "findings": {"type": "array"},
    "site": {"type": ["string", "null"]}, "request_ids": TEXTS, "retryable": {"type": "boolean"}, "exception": TEXT,
    "reason": TEXT, "python": TEXT,
}
# What `operation_report` returns of the file, as all modules do that write one.
OF_FILES = {
    name: {} for name in ("gid", "group", "mode", "owner", "path", "size", "state", "uid", "secontext")
}


def merged(one, other):
    """What is of the one or of the other recorded form."""
    if one == other or other in ("null", []):
        return one
    if one in ("null", []):
        return other
    if isinstance(one, dict) and isinstance(other, dict):
        return {name: merged(one.get(name, "null"), other.get(name, "null")) for name in {**one, **other}}
    if isinstance(one, list) and isinstance(other, list):
        return [functools.reduce(merged, [*one, *other])]
    if isinstance(one, str) and isinstance(other, str):
        return f"{one}|{other}"
    # A word, or more than one.
    return (one, other)


def recorded(command):
    """The form of a command's document; of a group, an operation and a plan in all states that are on record."""
    name = command.replace(" ", "_").replace("-", "_")
    forms = [json.loads(path.read_text().split("---\n", 2)[2]) for path in sorted(RECORD.glob("*.snap"))]
    whole = json.loads((RECORD / f"command__documents__{name}.snap").read_text().split("---\n", 2)[2])
    part = {"operation show": "operation", "protection-group show": "group"}.get(command)
    others = [form[part] for form in forms if isinstance(form, dict) and isinstance(form.get(part), dict)]
    if command == "plan show":
        others = [form for form in forms if isinstance(form, dict) and "plan" in form]
    return functools.reduce(merged, others, whole)


def schema(form):
    """A recorded form as a schema: these fields and no others. What was nothing when it was recorded may be anything, and
    anything may be nothing."""
    if isinstance(form, dict):
        names = [name for name in form if not name.startswith("(")]
        return {
            "type": ["object", "null"], "properties": {name: schema(form[name]) for name in names},
            "required": names, "additionalProperties": len(names) < len(form),
        }
    if isinstance(form, list):
        items = functools.reduce(merged, form) if form else "null"
        return {"type": ["array", "null"], "items": schema(items)}
    if isinstance(form, tuple):
        return {"anyOf": [schema(one) for one in form]}
    kinds = [kind for kind in form.split("|") if kind in KINDS]
    return {"type": [*kinds, "null"]} if kinds else {}


def returned(module):
    """What RETURN says."""
    for statement in ast.parse((MODULES / f"{module}.py").read_text()).body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "RETURN":
            return yaml.safe_load(ast.literal_eval(statement.value))
    raise AssertionError(f"{module} has no RETURN")


def _field(name, told):
    description = told["description"]
    description = description if isinstance(description, str) else " ".join(description)
    if like := LIKE.search(description):
        form = recorded(like.group(1))
        if isinstance(form, dict) and name in form:
            form = form[name]
        form = form if told["type"] == "dict" or isinstance(form, list) else [form]
        found, parts = schema(form), told.get("contains", {})
        # Beside what the command says.
        if parts:
            found["items"]["properties"].update({part: _field(part, parts[part]) for part in parts})
        return found
    if "contains" in told:
        parts = told["contains"]
        fields = {
            "type": "object", "properties": {part: _field(part, parts[part]) for part in parts}, "required": list(parts),
            "additionalProperties": False,
        }
        return {"type": "array", "items": fields} if told["type"] == "list" else fields
    kind = {"type": TYPES[told["type"]]}
    if "null" in description.lower():
        kind = {"type": [kind["type"], "null"]}
    if told["type"] == "list":
        kind["items"] = {"type": TYPES[told["elements"]]}
    return kind


@functools.cache
def of(module):
    """The schema of what a module returns."""
    told = returned(module)
    fields = {name: _field(name, told[name]) for name in told if told[name]["returned"] != "failure"}
    files = OF_FILES if module == "operation_report" else {}
    always = [name for name in told if told[name]["returned"] == "always"]
    succeeded = always + [name for name in told if told[name]["returned"] == "success"]
    return {
        "type": "object",
        "if": {"properties": {"failed": {"const": True}}},
        "then": {"properties": {**OF_ANSIBLE, **fields, **OF_FAILURES}, "additionalProperties": False, "required": ["msg"]},
        "else": {"properties": {**OF_ANSIBLE, **files, **fields}, "additionalProperties": False, "required": succeeded},
    }
