"""Between values as clients send them and values as they are stored: conversion, per-field errors, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from connectors.sandbox.clock import instant_text, parse_date, parse_instant
from connectors.sandbox.org import ids
from connectors.sandbox.org.outcomes import RowError
from connectors.sandbox.org.schema import NUMBER_TYPES, FieldDef

Convert = Callable[[Any], Any]
WRONG_TYPE = "INVALID_TYPE_ON_FIELD_IN_RECORD"
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
_FALSE, _TRUE = {"false", "0"}, {"true", "1"}


class Refused(Exception):
    """One row cannot be saved."""

    def __init__(self, code: str, message: str, *fields: str) -> None:
        super().__init__(message)
        self.error = RowError(code, message, fields)


def converter(field: FieldDef, prefixes: Mapping[str, str]) -> Convert:
    """How a client's value for the field becomes the stored one; raises `Refused`. None stays None.

    Args:
        prefixes: key prefix of each object by name, to tell ids of a wrong object.
    """
    convert = _typed(field, prefixes)
    if field.type == "boolean":
        return convert

    def guarded(value: Any) -> Any:
        return None if value is None or value == "" else convert(value)

    return guarded


def _typed(field: FieldDef, prefixes: Mapping[str, str]) -> Convert:
    if field.type == "boolean":
        return _boolean(field)
    if field.type in NUMBER_TYPES:
        return _number(field)
    if field.type == "date":
        return _date(field)
    if field.type == "datetime":
        return _instant(field)
    if field.type in {"reference", "id"}:
        return _reference(field, {prefixes[name] for name in field.reference_to if name in prefixes})
    return _text(field)


def wrong_type(field: FieldDef, value: object) -> Refused:
    return Refused(WRONG_TYPE, f"{field.label}: value not of required type: {value}", field.name)


def _boolean(field: FieldDef) -> Convert:
    def convert(value: Any) -> int:
        # unverified: null in a checkbox is read as unchecked.
        if value is None or value == "":
            return 0
        if isinstance(value, bool):
            return int(value)
        lowered = str(value).lower()
        if lowered in _TRUE or lowered in _FALSE:
            return int(lowered in _TRUE)
        raise wrong_type(field, value)

    return convert


def _number(field: FieldDef) -> Convert:
    scale = 0 if field.type == "int" else field.scale
    factor = 10**scale
    digits = 10 if field.type == "int" else field.precision or 18
    limit = 2**31 if field.type == "int" else 10**digits

    def convert(value: Any) -> int:
        stored: int = value * factor if type(value) is int else _scaled(field, value, scale)
        if not -limit < stored < limit:
            raise Refused(
                "NUMBER_OUTSIDE_VALID_RANGE",
                f"{field.label}: value outside of valid range on numeric field: {value}", field.name,
            )  # fmt: skip
        return stored

    return convert


def _scaled(field: FieldDef, value: Any, scale: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise wrong_type(field, value)
    try:
        exact = Decimal(str(value).strip())
        if field.type == "int" and exact != exact.to_integral_value():
            raise wrong_type(field, value)
        # unverified: more decimals than a field has are rounded half up, not refused.
        return int(exact.scaleb(scale).to_integral_value(ROUND_HALF_UP))
    except (InvalidOperation, ValueError, OverflowError):
        raise wrong_type(field, value) from None


def _date(field: FieldDef) -> Convert:
    def convert(value: Any) -> str:
        if isinstance(value, datetime):
            return value.date().isoformat()
        if isinstance(value, date):
            return value.isoformat()
        if isinstance(value, str):
            if parse_date(value):
                return value
            # unverified: the time of day given to a date field is dropped.
            if parse_instant(value):
                return value[:10]
        raise wrong_type(field, value)

    return convert


def _instant(field: FieldDef) -> Convert:
    def convert(value: Any) -> str:
        moment = value if isinstance(value, datetime) else None
        if isinstance(value, str):
            moment = parse_instant(value)
        if moment is None:
            raise wrong_type(field, value)
        return instant_text(moment)

    return convert


def _reference(field: FieldDef, prefixes: set[str]) -> Convert:
    def convert(value: Any) -> str:
        found = ids.normalize(value)
        if found is None:
            raise Refused("MALFORMED_ID", f"{field.label}: id value of incorrect type: {value}", field.name)
        if prefixes and found[:3] not in prefixes:
            raise Refused(
                "FIELD_INTEGRITY_EXCEPTION", f"{field.label}: id value of incorrect type: {value}", field.name
            )
        return found

    return convert


def _text(field: FieldDef) -> Convert:
    longest = field.length or 255
    check = _text_check(field)

    def convert(value: Any) -> str | None:
        if isinstance(value, dict | list):
            raise wrong_type(field, value)
        if isinstance(value, str):
            # unverified: white space around text is dropped on saving.
            text = value.strip()
        else:
            text = str(value).lower() if isinstance(value, bool) else str(value)
        if len(text) > longest:
            raise Refused(
                "STRING_TOO_LONG",
                f"{field.label}: data value too large: {text} (max length={longest})", field.name,
            )  # fmt: skip
        if not text:
            return None
        if check is not None:
            check(text)
        return text

    return convert


def _text_check(field: FieldDef) -> Callable[[str], None] | None:
    if field.type == "email":
        return lambda text: _check_email(field, text)
    if field.type in {"picklist", "multipicklist"} and field.restricted:
        allowed = {entry.value for entry in field.values if entry.active}
        return lambda text: _check_picklist(field, allowed, text)
    return None


def _check_email(field: FieldDef, text: str) -> None:
    if not _EMAIL.match(text):
        raise Refused("INVALID_EMAIL_ADDRESS", f"{field.label}: invalid email address: {text}", field.name)


def _check_picklist(field: FieldDef, allowed: set[str], text: str) -> None:
    for part in text.split(";") if field.type == "multipicklist" else (text,):
        if part not in allowed:
            raise bad_picklist_value(field, part)


def bad_picklist_value(field: FieldDef, value: str) -> Refused:
    return Refused(
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
        f"{field.label}: bad value for restricted picklist field: {value}", field.name,
    )  # fmt: skip


def presenter(field: FieldDef) -> Convert | None:
    """How a stored value is shown to a client, or None if it is shown as it is stored."""
    if field.type == "boolean":
        return bool
    if field.type in NUMBER_TYPES and field.type != "int":
        factor = 10**field.scale
        return lambda stored: None if stored is None else stored / factor
    return None


def round_half_up(number: int, divisor: int) -> int:
    """Scaled integers: `number / divisor`, halves away from zero."""
    half = divisor // 2
    return (number + half) // divisor if number >= 0 else -((half - number) // divisor)


def times(left: int, right: int, surplus: int) -> int:
    """Product of two scaled integers, with `surplus` decimals too many rounded away."""
    return round_half_up(left * right, 10**surplus) if surplus > 0 else left * right * 10**-surplus
