"""Record ids: 15 case-sensitive characters, or 18 with a checksum that makes them safe in any case."""

from __future__ import annotations

import re

_ID = re.compile(r"[A-Za-z0-9]{15}([A-Za-z0-9]{3})?\Z", re.ASCII)
_CHECKSUM = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(record_id: str) -> str:
    """The 18-character form. Raises ValueError for anything that is not a record id.

    >>> long_id("001000000000001")
    '001000000000001AAA'
    """
    if not _ID.match(record_id):
        raise ValueError(f"{record_id!r} is not a Salesforce record id")
    if len(record_id) == 18:
        return record_id
    suffix = ""
    for start in (0, 5, 10):
        # One bit per character, the first one lowest: set where the character is an upper-case letter.
        bits = sum(1 << place for place, char in enumerate(record_id[start : start + 5]) if char.isupper())
        suffix += _CHECKSUM[bits]
    return record_id + suffix
