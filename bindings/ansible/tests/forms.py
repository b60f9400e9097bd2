"""The forms of what modules return, as JSON schemas: of each module what its RETURN says, and of the documents in it what
`docs/schemas/protector.json` says of the command whose form RETURN gives them.

`docs/schemas/modules.json` has them; run as a program, this writes it anew.
"""

import ast
import functools
import json
import re
from pathlib import Path

import jsonschema
import referencing
import yaml

MODULES = Path(__file__).parent.parent / "plugins" / "modules"
SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"
COMMANDS = json.loads((SCHEMAS / "protector.json").read_text(encoding="utf-8"))
PUBLISHED = SCHEMAS / "modules.json"
# As the published schemas refer to the other file beside them.
BESIDE = "protector.json#/$defs/"
LIKE = re.compile(r"in the form of C\(protector ([a-z -]+?) --output json\)")

TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "dict": "object", "list": "array"}
TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
NOTHING = {"type": "null"}
SHARED = {
    "of_ansible": {
        "description": "What Ansible adds to what any module returns, or is about the task.",
        "type": "object",
        "properties": {
            "changed": {"type": "boolean"}, "failed": {"type": "boolean"}, "invocation": {"type": "object"}, "warnings": TEXTS,
            "deprecations": {"type": "array"}, "attempts": {"type": "integer"},
            "diff": {"type": "array", "items": {"type": "object"}},
        },
    },
    "of_failures": {
        "description": "What README says of failures, with what is known of where they came from.",
        "properties": {
            "msg": TEXT, "code": {"$ref": BESIDE + "Code"}, "hint": TEXT, "exit_code": {"type": "integer"},
            "findings": {"type": "array", "items": {"$ref": BESIDE + "Finding"}},
            "site": {"type": ["string", "null"]}, "request_ids": TEXTS, "retryable": {"type": "boolean"}, "exception": TEXT,
            "reason": TEXT, "python": TEXT,
        },
        "required": ["msg", "exit_code"],
    },
}
# What `operation_report` returns of the file, as all modules do that write one.
OF_FILES = {
    name: {} for name in ("gid", "group", "mode", "owner", "path", "size", "state", "uid", "secontext")
}


def whole(schema):
    """A schema of a command, with what it refers to."""
    if "$ref" not in schema:
        return schema
    return whole(COMMANDS["$defs"][schema["$ref"].removeprefix("#/$defs/")])


def of_command(command, name, is_list):
    """What a command says of a value: the field of that name in its document, or all of it."""
    answer = COMMANDS["$defs"][command]
    for document in map(whole, [answer, *whole(answer).get("oneOf", ())]):
        if name in document.get("properties", {}):
            return document["properties"][name]
    answer = {key: value for key, value in answer.items() if key != "$anchor"}
    return {"type": "array", "items": answer} if is_list and whole(answer).get("type") != "array" else answer


def beside(schema):
    """A part of the commands' schemas, as another file refers to it."""
    if isinstance(schema, dict):
        return {
            key: BESIDE + value.removeprefix("#/$defs/") if key == "$ref" and value.startswith("#") else beside(value)
            for key, value in schema.items()
        }
    return [beside(one) for one in schema] if isinstance(schema, list) else schema


def returned(module):
    """What RETURN says."""
    for statement in ast.parse((MODULES / f"{module}.py").read_text()).body:
        if isinstance(statement, ast.Assign) and statement.targets[0].id == "RETURN":
            return yaml.safe_load(ast.literal_eval(statement.value))
    raise AssertionError(f"{module} has no RETURN")


def _field(name, told):
    description = told["description"]
    description = description if isinstance(description, str) else " ".join(description)
    parts = {part: _field(part, value) for part, value in told.get("contains", {}).items()}
    if like := LIKE.search(description):
        found = of_command(like.group(1), name, told["type"] == "list")
        if parts:
            # Beside what the command says.
            items = whole(found["items"])
            found = {**found, "items": {**items, "properties": {**items["properties"], **parts}}}
        found = beside(found)
    elif parts:
        fields = {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}
        found = {"type": "array", "items": fields} if told["type"] == "list" else fields
    else:
        found = {"type": TYPES[told["type"]]}
        if told["type"] == "list":
            found["items"] = {"type": TYPES[told["elements"]]}
    nullable = "null" in description.lower() and NOTHING not in found.get("anyOf", ())
    return {"anyOf": [found, NOTHING]} if nullable else found


def _module(module):
    told = returned(module)
    fields = {name: _field(name, told[name]) for name in told if told[name]["returned"] != "failure"}
    files = OF_FILES if module == "operation_report" else {}
    always = [name for name in told if told[name]["returned"] == "always"]
    succeeded = always + [name for name in told if told[name]["returned"] == "success"]
    return {
        "$anchor": module,
        "$ref": "#/$defs/of_ansible",
        "properties": {**files, **fields},
        "if": {"properties": {"failed": {"const": True}}, "required": ["failed"]},
        "then": {"$ref": "#/$defs/of_failures"},
        "else": {"required": succeeded},
        "unevaluatedProperties": False,
    }


@functools.cache
def document():
    """The schemas of all modules."""
    names = sorted(path.stem for path in MODULES.glob("*.py"))
    return {
        "$schema": COMMANDS["$schema"],
        "title": "What the modules of protector.site_recovery return",
        "description": "Judge what a module returned by its anchor: `#dr_operation`. It needs protector.json, which stands beside it.",
        "anyOf": [{"$ref": f"#{name}"} for name in names],
        "$defs": {**{name: _module(name) for name in names}, **SHARED},
    }


@functools.cache
def of(module):
    """What judges what a module returned."""
    resources = {"protector.json": COMMANDS, "modules.json": document()}
    registry = referencing.Registry().with_resources(
        (name, referencing.Resource.from_contents(contents)) for name, contents in resources.items()
    )
    for contents in resources.values():
        jsonschema.Draft202012Validator.check_schema(contents)
    return jsonschema.Draft202012Validator({"$ref": f"modules.json#{module}"}, registry=registry)


if __name__ == "__main__":
    PUBLISHED.write_text(json.dumps(document(), indent=2) + "\n", encoding="utf-8")
