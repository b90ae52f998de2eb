"""Cells of files that a spreadsheet opens: text that it may not read as a formula, and the way back."""

from __future__ import annotations

#: A cell that starts like this, blanks aside, is a formula to a spreadsheet (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
CONTROL = ("\t", "\r", "\n")


def safe(text: str) -> str:
    """Text as text: a leading apostrophe keeps a spreadsheet from reading it as a formula."""
    bare = text.lstrip("'")
    is_read = bare.lstrip(" ").startswith(CONTROL) or bare.lstrip().startswith(FORMULA)
    return f"'{text}" if is_read else text


def restored(text: str) -> str:
    """What was written before `safe` made it safe.

    >>> restored(safe("=1+1")), restored(safe("'=1")), restored("plain"), restored("'quoted'")
    ('=1+1', "'=1", 'plain', "'quoted'")
    """
    return text[1:] if text.startswith("'") and safe(text[1:]) == text else text
