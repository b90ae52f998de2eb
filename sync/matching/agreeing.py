"""PURE: what becomes of a value that people choose, where a company stands in two CRMs.

Both are held against the value on which they last agreed. An edit on both sides since then is a person's to decide,
whatever the model says; an edit on one side, and values that differed before they were matched, go by the model.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from scoring.model.two_crms import Policy

#: How a difference came about: both edited, one of them, or nobody knows because they never agreed.
Cause = Literal["both", "one", "unknown"]
#: Stands for "they never agreed", where None is "both were empty".
NEVER = "\0never"


@dataclass(frozen=True)
class Sides:
    """One value in both CRMs, and the one on which they last agreed.

    Attributes:
        kinds: of the two CRMs, in the order of `first` and `second`.
        base: what both held, None for nothing, NEVER where that is not known.
    """

    first: str | None
    second: str | None
    base: str | None
    kinds: tuple[str, str]


@dataclass(frozen=True)
class Settled:
    """What is to be written to each side, None for nothing; a `cause` where a person has to decide."""

    to_first: str | None = None
    to_second: str | None = None
    cause: Cause | None = None

    @property
    def rests(self) -> bool:
        """Whether neither side is written."""
        return self.to_first is None and self.to_second is None


def base_of(common: Mapping[str, str | None], key: str, first: str | None, second: str | None) -> str | None:
    """What both CRMs held when they last agreed: as it was seen, or as it was written to both (`first`, `second`)."""
    seen = common.get(key, NEVER)
    if seen in (None, NEVER) and first is not None and first == second:
        return first
    return seen


def settle(sides: Sides, policy: Policy, *, fill_empty: bool) -> Settled:
    """What becomes of a value that the two CRMs do not agree on.

    A value that a person has emptied is not filled again, and no value is ever emptied from here.
    """
    first, second, base = sides.first, sides.second, sides.base
    if first == second:
        return Settled()
    if first is None or second is None:
        if base in (None, NEVER):
            return _write(sides, "first" if second is None else "second") if fill_empty else Settled()
        return _by_policy(sides, policy, "one" if base in (first, second) else "both")
    if base == NEVER:
        return _by_policy(sides, policy, "unknown")
    return _by_policy(sides, policy, "one" if base in (first, second) else "both")


def _by_policy(sides: Sides, policy: Policy, cause: Cause) -> Settled:
    if cause == "both" or policy == "ask":
        return Settled(cause=cause)
    if policy == "carry":
        if cause != "one":
            return Settled(cause=cause)
        source: Literal["first", "second"] = "first" if sides.second == sides.base else "second"
    elif policy in sides.kinds:
        source = "first" if sides.kinds[0] == policy else "second"
    else:
        return Settled(cause=cause)
    written = _write(sides, source)
    return Settled(cause=cause) if written.rests else written


def _write(sides: Sides, source: Literal["first", "second"]) -> Settled:
    """The value of one side for the other."""
    return Settled(to_second=sides.first) if source == "first" else Settled(to_first=sides.second)
