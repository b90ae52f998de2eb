"""Record ids: 15 case-sensitive characters, and the 18-character form that survives case-blind programs.

The three extra characters encode which of the 15 are upper case: five characters a group, the first of a
group being the lowest bit, read from the 32 characters A-Z0-5.
"""

from __future__ import annotations

import re

_SUFFIX = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_INSTANCE = "Kd0"  # characters 4 to 6 name the server instance that made the id
#: Which characters are upper case, and the character for each group of five of these, lowest bit first.
_BITS = {ord(letter): "01"[letter.isupper()] for letter in _BASE62}
_OF_BITS = {f"{number:05b}"[::-1]: letter for number, letter in enumerate(_SUFFIX)}
_FORM = re.compile(r"[0-9A-Za-z]{15}(?:[0-9A-Za-z]{3})?\Z")


def checksum(id15: str) -> str:
    """The three characters that follow a 15-character id."""
    bits = id15.translate(_BITS)
    return _OF_BITS[bits[:5]] + _OF_BITS[bits[5:10]] + _OF_BITS[bits[10:]]


def make(key_prefix: str, number: int) -> str:
    """The 18-character id of the record with that running number."""
    digits = ""
    while number:
        number, rest = divmod(number, 62)
        digits = _BASE62[rest] + digits
    id15 = key_prefix + _INSTANCE + digits.rjust(9, "0")
    return id15 + checksum(id15)


def normalize(text: object) -> str | None:
    """The 18-character form of an id given in either length, or None if it is no id.

    An 18-character id whose case was lost is restored from its suffix.
    """
    if not isinstance(text, str) or not _FORM.match(text):
        return None
    if len(text) == 15:
        return text + checksum(text)
    id15, suffix = text[:15], text[15:].upper()
    if checksum(id15) == suffix:
        return id15 + suffix
    return _restored(id15, suffix)


def _restored(id15: str, suffix: str) -> str | None:
    if any(letter not in _SUFFIX for letter in suffix):
        return None
    bits = [_SUFFIX.index(letter) >> bit & 1 for letter in suffix for bit in range(5)]
    cased = "".join(letter.upper() if upper else letter.lower() for letter, upper in zip(id15, bits, strict=True))
    return cased + suffix if checksum(cased) == suffix else None
