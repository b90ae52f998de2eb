"""Turns pydantic's findings on a model file into sentences, with what is allowed in that place."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from rapidfuzz import fuzz, process

from scoring.model.shape import Model

_TAGS = {"all": "All", "any": "AnyOf", "not": "Not", "otherwise": "Otherwise", "test": "Test"}
_PATTERNS = {
    "^[A-Z]{3}$": "a currency code of three capital letters, e.g. EUR",
    r"^[^@\s]+@[^@\s]+$": "an e-mail address",
    r"^([01]\d|2[0-3]):[0-5]\d$": 'a time of day, e.g. "08:00"',
    r"^(account_owner|manager|territory|[^@\s]+@[^@\s]+)$": "an e-mail address, account_owner, manager or territory",
    r"^(manager|administrator|[^@\s]+@[^@\s]+)$": "an e-mail address, manager or administrator",
    r"^\S(.*\S)?$": "text without blanks at its ends, up to 80 characters",
}
_KEY_RULE = "letters, digits and single underscores, starting with a letter, up to 40 characters (an API name)"
_EXPECTED = {
    "string_type": "text (put it in quotes)",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "tuple_type": "a list, e.g. [a, b]",
    "mapping_type": "a mapping of `key: value` lines",
    "dict_type": "a mapping of `key: value` lines",
    "model_type": "a mapping of `key: value` lines",
    "model_attributes_type": "a mapping of `key: value` lines",
}


def explain(detail: Mapping[str, Any], known: Sequence[str | int]) -> tuple[str, str, tuple[str | int, ...]]:
    """Message, what is allowed, and the key the problem is about.

    `known` is the part of the location that exists in the file.
    """
    kind, loc, found = detail["type"], tuple(detail["loc"]), detail.get("input")
    subject = tuple(known)
    if kind == "missing":
        return "is missing.", "", (*subject, loc[-1])
    if kind == "extra_forbidden":
        allowed = _keys_at(loc[:-1])
        guess = nearest(str(loc[-1]), allowed)
        hint = f" Did you mean `{guess}`?" if guess else ""
        return f"unknown key.{hint}", ", ".join(allowed), subject
    if kind == "literal_error":
        return f"found {_shown(found)}.", detail["ctx"]["expected"], subject
    if kind == "string_pattern_mismatch":
        return f"found {_shown(found)}.", _PATTERNS.get(detail["ctx"]["pattern"], _KEY_RULE), subject
    if kind == "value_error":
        return f"{detail['ctx']['error']}.", "", subject
    if kind in _EXPECTED:
        return f"found {_shown(found)}.", _EXPECTED[kind], subject
    return f"{_bounds(detail)}; found {_shown(found)}.", "", subject


def nearest(text: str, choices: Iterable[str]) -> str | None:
    """The choice most like `text`, when it is like enough to be meant."""
    match = process.extractOne(text.lower(), sorted(choices), scorer=fuzz.ratio, score_cutoff=60)
    return str(match[0]) if match else None


def _bounds(detail: Mapping[str, Any]) -> str:
    """Pydantic's sentence about lengths and limits, without its technical words."""
    message = str(detail["msg"]).replace("Input should", "must").replace("String should", "must")
    message = message.replace("Tuple should", "must").replace("Value should", "must")
    return message[:1].lower() + message[1:]


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "nothing"
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    text = str(value)
    return f"'{text[:60]}…'" if len(text) > 60 else f"'{text}'"


def _keys_at(loc: Sequence[str | int]) -> tuple[str, ...]:
    """Keys that the section at `loc` may have, in the order of its type."""
    annotation: Any = Model
    for step in loc:
        annotation = _inside(annotation, step)
    section = _section(annotation)
    if section is None:
        return ()
    return tuple(field.alias or name for name, field in section.model_fields.items())


def _inside(annotation: Any, step: str | int) -> Any:
    """The type found one step further on; a step that names a union member chooses it."""
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        members = [_bare(member) for member in get_args(annotation)]
        for member in members:
            if getattr(member, "__name__", "") == _TAGS.get(str(step)):
                return member
        annotation = next((member for member in members if member is not type(None)), None)
    if get_origin(annotation) is tuple:
        return get_args(annotation)[0]
    if get_origin(annotation) is not None and get_origin(annotation) is not Literal:
        return get_args(annotation)[-1]
    section = _section(annotation)
    if section is not None:
        for name, field in section.model_fields.items():
            if step in (name, field.alias):
                return field.annotation
    return None


def _bare(annotation: Any) -> Any:
    """Without `Annotated`."""
    while hasattr(annotation, "__metadata__"):
        annotation = annotation.__origin__
    return annotation


def _section(annotation: Any) -> type[BaseModel] | None:
    annotation = _bare(annotation)
    if get_origin(annotation) in (Union, types.UnionType):
        annotation = next((member for member in get_args(annotation) if member is not type(None)), None)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None
