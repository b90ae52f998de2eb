"""How often people leave a value as the rules filled it, where they looked at it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

#: Values looked at from which a share says something.
ENOUGH = 20
#: Normal quantile of a 95 % interval.
_Z = 1.959964


@dataclass(frozen=True)
class LookedAt:
    """A value that a rule had filled and a person looked at: confirmed it, or chose another one."""

    field: str
    segment: str
    owner: str
    kept: bool


@dataclass(frozen=True)
class Accuracy:
    """Of the values looked at, those that were left as they were."""

    looked_at: int
    kept: int

    @property
    def share(self) -> float | None:
        """None while too few were looked at."""
        return self.kept / self.looked_at if self.looked_at >= ENOUGH else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Where the share lies with 95 % confidence (Wilson 1927); None while too few were looked at.

        >>> [round(bound, 3) for bound in Accuracy(50, 45).interval]
        [0.786, 0.957]
        """
        if self.share is None:
            return None
        total, share, square = self.looked_at, self.share, _Z**2
        middle = (share + square / (2 * total)) / (1 + square / total)
        half = _Z / (1 + square / total) * sqrt(share * (1 - share) / total + square / (4 * total**2))
        return max(middle - half, 0.0), min(middle + half, 1.0)

    def __str__(self) -> str:
        """As people read it.

        >>> str(Accuracy(50, 45)), str(Accuracy(3, 3)), str(Accuracy(0, 0))
        ('90 % of 50 (79 to 96 %)', 'not enough information (3 looked at)', 'not enough information')
        """
        if self.share is None or self.interval is None:
            return f"not enough information{f' ({self.looked_at} looked at)' if self.looked_at else ''}"
        low, high = self.interval
        return f"{self.share * 100:.0f} % of {self.looked_at:,} ({low * 100:.0f} to {high * 100:.0f} %)"


def accuracy(looked: Iterable[LookedAt]) -> dict[tuple[str, str], Accuracy]:
    """Of all ("all", ""), and by field, segment and owner, as the other figures of data quality are kept."""
    counts: dict[tuple[str, str], list[int]] = {}
    for each in looked:
        for key in (("all", ""), ("field", each.field), ("segment", each.segment), ("owner", each.owner)):
            count = counts.setdefault(key, [0, 0])
            count[0] += 1
            count[1] += each.kept
    return {key: Accuracy(*count) for key, count in counts.items()}
