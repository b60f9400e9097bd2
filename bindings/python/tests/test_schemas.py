"""The types of the package's documents and the schemas of the command's are one: the same fields, of the same kinds."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict

from protector import documents

DOCUMENT = Path(__file__).parents[3] / "docs/schemas/protector.json"
SCHEMAS: dict[str, Any] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["$defs"]

TYPES: dict[str, Any] = {
    name: kind
    for name, kind in inspect.getmembers(documents, is_typeddict)
    if not name.startswith("_") and not name.endswith("Extras")
}

ONLY_HERE = {"Change", "Drill", "DrillFloatingIp", "DrillStep", "MadeObject", "OutcomeOfUnprotect", "RecoveryTime", "Status"}
"""What the package answers and no command does."""

MORE_HERE = {"Outcome": {"exit_code"}, "OutcomeOfSite": {"exit_code"}}
"""What the command says with its exit code."""

OFTEN_THERE = {"Outcome": {"group", "warnings", "remains"}}
"""What the package leaves out of an operation that was only watched; the command answers that with the operation alone."""

NEVER_HERE: dict[str, set[Any]] = {"Outcome.group": {"null"}}
"""What has a type of its own in the package: the end of a protection."""

SCALARS = {str: "string", int: "integer", float: "number", bool: "boolean", type(None): "null"}


def whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to."""
    if "$ref" not in schema:
        return schema
    return whole(SCHEMAS[schema["$ref"].removeprefix("#/$defs/")]) | {name: schema[name] for name in schema if name != "$ref"}


def fields(schema: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """The fields of an object, and those that it always has; of one that has several forms, of all forms together."""
    properties = dict(schema.get("properties", {}))
    required = set(schema.get("required", ()))
    forms = schema.get("oneOf", ())
    for form in forms:
        for name, value in form["properties"].items():
            properties[name] = {"anyOf": [properties[name], value]} if properties.get(name) else value
    if forms and not schema.get("properties"):
        required = set.intersection(*(set(form["required"]) for form in forms))
    return properties, required


def kinds(schema: dict[str, Any]) -> set[Any]:
    """What a value may be: names of types, words to choose from, lists and maps of such."""
    if "$ref" in schema and schema["$ref"].removeprefix("#/$defs/") in TYPES:
        return {schema["$ref"].removeprefix("#/$defs/")}
    schema = whole(schema)
    if "const" in schema:
        return {"boolean"} if isinstance(schema["const"], bool) else {("word", schema["const"])}
    if "enum" in schema:
        return {("word", word) for word in schema["enum"]}
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return set[Any]().union(*(kinds(one) for one in schema[several]))
    found: set[Any] = set()
    for kind in [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", ["any"]):
        if kind == "array":
            found.add(("list", frozenset(kinds(schema["items"]))))
        elif kind == "object" and isinstance(schema.get("additionalProperties"), dict):
            found.add(("map", frozenset(kinds(schema["additionalProperties"]))))
        else:
            found.add(kind)
    return found


def kinds_of(hint: Any) -> set[Any]:
    """The same of a type."""
    if hint is Any:
        return {"any"}
    if is_typeddict(hint):
        return {hint.__name__}
    if hint in SCALARS:
        return {SCALARS[hint]}
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {("word", word) for word in arguments}
    if origin is list:
        return {("list", frozenset(kinds_of(arguments[0])))}
    if origin is dict:
        return {"object"} if arguments[1] is Any else {("map", frozenset(kinds_of(arguments[1])))}
    assert origin is Union or arguments, hint
    return set[Any]().union(*(kinds_of(one) for one in arguments))


def loose(found: set[Any]) -> set[Any]:
    """With words as text: what is chosen from is none the less text."""
    return {
        "string" if isinstance(one, tuple) and one[0] == "word"
        else (one[0], frozenset(loose(set(one[1])))) if isinstance(one, tuple)
        else one
        for one in found
    }


def differences(name: str) -> list[str]:
    """Where a type and the schema of its name are not one."""
    properties, required = fields(SCHEMAS[name])
    hints = {field: hint for field, hint in get_type_hints(TYPES[name]).items() if field not in MORE_HERE.get(name, ())}
    always = set(TYPES[name].__required_keys__) - MORE_HERE.get(name, set()) | OFTEN_THERE.get(name, set())
    said = [f"{name}.{field} is in one of both" for field in set(properties) ^ set(hints)]
    said += [f"{name}.{field} is always there in one of both" for field in required ^ always]
    for field in set(properties) & set(hints):
        there = kinds(properties[field]) - NEVER_HERE.get(f"{name}.{field}", set())
        here = kinds_of(hints[field])
        words = any(isinstance(one, tuple) and one[0] == "word" for one in here)
        if "any" not in here and (there if words else loose(there)) != (here if words else loose(here)):
            said.append(f"{name}.{field}: {there} there, {here} here")
    return sorted(said)


def test_every_type_is_its_schema() -> None:
    assert sorted(TYPES.keys() - SCHEMAS.keys()) == sorted(ONLY_HERE)
    assert [said for name in sorted(TYPES.keys() & SCHEMAS.keys()) for said in differences(name)] == []


def test_a_difference_is_found() -> None:
    site = SCHEMAS["Site"]
    try:
        SCHEMAS["Site"] = {
            **site,
            "properties": {**site["properties"], "colour": {"type": "string"}, "reachable": {"type": "string"}},
            "required": [*site["required"], "trouble"],
        }
        assert differences("Site") == [
            "Site.colour is in one of both",
            "Site.reachable: {'string'} there, {'boolean'} here",
            "Site.trouble is always there in one of both",
        ]
    finally:
        SCHEMAS["Site"] = site
