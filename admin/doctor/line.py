"""One thing that was looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """What was looked at, and what was seen.

    Attributes:
        wrong: a sentence; "" where it is as it should be.
        mend: the command that mends it, or what to do; "" only where nothing is wrong.
        seen: what was found where nothing is wrong.
    """

    what: str
    seen: str = ""
    wrong: str = ""
    mend: str = ""
