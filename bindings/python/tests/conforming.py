"""Whether a value is what a type says: every field there, none that is not known."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints, is_typeddict


def differences(value: Any, wanted: Any, place: str = "") -> list[str]:
    """What is not as the type says, and where."""
    if wanted is Any:
        return []
    if is_typeddict(wanted):
        return of_fields(value, wanted, place)
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin in (Union, types.UnionType):
        found = [differences(value, one, place) for one in arguments]
        return [] if [] in found else min(found, key=len)
    if origin is Literal:
        return [] if value in arguments else [f"{place}: {value!r} is none of {arguments}"]
    if origin is list and isinstance(value, list):
        return [one for at, item in enumerate(value) for one in differences(item, arguments[0], f"{place}[{at}]")]
    if origin is dict and isinstance(value, dict):
        return [one for name, item in value.items() for one in differences(item, arguments[1], f"{place}.{name}")]
    right = isinstance(value, (int, float) if wanted is float else origin or wanted)
    if right and not (isinstance(value, bool) and wanted in (int, float)):
        return []
    return [f"{place}: {value!r} is no {wanted}"]


def of_fields(value: Any, wanted: Any, place: str) -> list[str]:
    if not isinstance(value, dict):
        return [f"{place}: {value!r} is no {wanted.__name__}"]
    hints = get_type_hints(wanted)
    found = [f"{place}.{name} is missing" for name in sorted(wanted.__required_keys__ - value.keys())]
    found += [f"{place}.{name} is not known" for name in sorted(value.keys() - hints.keys())]
    for name in value.keys() & hints.keys():
        found += differences(value[name], hints[name], f"{place}.{name}")
    return found
