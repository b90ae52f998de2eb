"""From a value as a client sends it to the one that is stored, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.portal.moments import parse_day, parse_instant
from connectors.sandbox.portal.schema import Property

_NUMBER = re.compile(r"-?(\d+(\.\d*)?|\.\d+)\Z")
# unverified: a text may have 65,536 characters.
_LONGEST = 65_536


class BadValue(Exception):
    """A value that a property cannot hold. `code` as in HubSpot's replies, e.g. INVALID_OPTION."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Elsewhere:
    """Values of enumerations that are kept outside their properties.

    Attributes:
        allowed: by property name, whether a value exists. A property that is not here takes any.
    """

    allowed: Mapping[str, Callable[[str], bool]]


def text_of(given: Any) -> str:
    """A JSON value as text; HubSpot takes numbers and booleans where it wants texts."""
    if isinstance(given, bool):
        return "true" if given else "false"
    return given if isinstance(given, str) else str(given)


def stored(prop: Property, given: Any, elsewhere: Elsewhere) -> Any:
    """The value to store; None for an empty one. Raises BadValue."""
    if given is None:
        return None
    text = text_of(given)
    if text == "":
        return None
    if prop.type == "number":
        # unverified: a number is kept as it is written, "1.50" with its last zero.
        return _checked(_NUMBER.match(text) is not None, text, "INVALID_INTEGER", f"{text} was not a valid number.")
    if prop.type == "date":
        day = parse_day(text)
        return _known(day, "INVALID_DATE", f"{text} was not a valid date.")
    if prop.type == "datetime":
        return _known(parse_instant(text), "INVALID_DATE", f"{text} was not a valid date.")
    if prop.type in ("enumeration", "bool"):
        return _option(prop, text, elsewhere)
    if len(text) > _LONGEST:
        raise BadValue("PROPERTY_VALUE_TOO_LONG", f"The value has more than {_LONGEST} characters.")
    # unverified: an e-mail address is kept in lower case.
    return text.lower() if prop.name == "email" else text


def _checked(good: bool, text: str, code: str, message: str) -> str:
    if not good:
        raise BadValue(code, message)
    return text


def _known(value: Any, code: str, message: str) -> Any:
    if value is None:
        raise BadValue(code, message)
    return value


def _option(prop: Property, text: str, elsewhere: Elsewhere) -> str:
    if prop.external:
        exists = elsewhere.allowed.get(prop.name)
        if exists is not None and not exists(text):
            raise BadValue("INVALID_OPTION", f"{text} was not one of the allowed options: []")
        return text
    # unverified: options are recognised by their values alone, not by their labels, and with regard to case.
    allowed = [option.value for option in prop.options]
    chosen = [part for part in text.split(";") if part] if prop.multiple else [text]
    for part in chosen:
        if part not in allowed:
            raise BadValue("INVALID_OPTION", f"{part} was not one of the allowed options: [{', '.join(allowed)}]")
    return ";".join(dict.fromkeys(chosen)) or text
