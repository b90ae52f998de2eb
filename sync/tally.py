"""What a plan adds up to, chunk by chunk: kept in the run's counts, so that any worker counts on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.writing.guard import Moves


@dataclass
class Tally:
    """Figures of the plan so far.

    Attributes:
        filled: empty values that are filled, per output.
        held_back: changes not planned because the CRM refused them before.
        kept_undone: values not planned because a person took them back.
        with_tier: accounts that have a tier in the CRM.
        moves: tier changes, "old>new", either of them empty for none.
        segments: accounts in scope per computed segment.
    """

    filled: Counter[str] = field(default_factory=Counter)
    held_back: int = 0
    kept_undone: int = 0
    with_tier: int = 0
    moves: Counter[str] = field(default_factory=Counter)
    segments: Counter[str] = field(default_factory=Counter)

    @classmethod
    def of(cls, counts: Mapping[str, Any]) -> Tally:
        """The figures as a run's counts hold them."""
        return cls(
            filled=Counter(counts.get("filled", {})),
            held_back=counts.get("records_held_back", 0),
            kept_undone=counts.get("values_kept_undone", 0),
            with_tier=counts.get("accounts_with_tier", 0),
            moves=Counter(counts.get("tier_moves", {})),
            segments=Counter(counts.get("segments", {})),
        )

    def counts(self) -> dict[str, Any]:
        return {
            "filled": dict(self.filled),
            "records_held_back": self.held_back,
            "values_kept_undone": self.kept_undone,
            "accounts_with_tier": self.with_tier,
            "tier_moves": dict(self.moves),
            "segments": dict(self.segments),
        }

    def move(self, old: str | None, new: str | None) -> None:
        self.moves[f"{old or ''}>{new or ''}"] += 1


def moves(counts: Mapping[str, Any]) -> Moves:
    """The tier moves among a run's counts: (old, new) -> accounts."""
    found = {}
    for key, count in counts.get("tier_moves", {}).items():
        old, _, new = key.partition(">")
        found[old, new] = int(count)
    return found
