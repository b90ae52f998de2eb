"""PURE: whether a plan may be sent without a person having looked at it.

The model's `guard` section sets the limits. What was never published before cannot surprise anybody: an account's first
tier does not count as a move.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.model.shape import Guard

#: Old and new tier key of a planned change, "" for none, and how many accounts make it.
Moves = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Reason:
    """Why a run waits. `moves` are the tier moves meant, where it is about tiers."""

    code: str
    message: str
    next_step: str
    moves: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Facts:
    """What a plan would do, beside what was there.

    Attributes:
        with_tier: accounts that have a tier in the CRM now.
        moves: planned tier changes of those accounts, and first tiers (old tier "").
        segments, earlier_segments: accounts in scope per computed segment, in this run and in the last one.
        records, earlier_records: records per kind in the mirror, in this run and in the last one.
    """

    with_tier: int
    moves: Moves
    segments: Mapping[str, int] = field(default_factory=dict)
    earlier_segments: Mapping[str, int] = field(default_factory=dict)
    records: Mapping[str, int] = field(default_factory=dict)
    earlier_records: Mapping[str, int] = field(default_factory=dict)


def judge(facts: Facts, limits: Guard, tiers: Sequence[str], label: Callable[[str], str]) -> Iterator[Reason]:
    """Every limit the plan exceeds. `tiers` are the keys, best first; `label` gives a segment's name."""
    rank = {tier: position for position, tier in enumerate(tiers)}
    moved = {move: n for move, n in facts.moves.items() if move[0] and move[1]}
    down = {move: n for move, n in moved.items() if rank.get(move[1], 0) > rank.get(move[0], 0)}
    lost = {move: n for move, n in facts.moves.items() if move[0] and not move[1]}
    for code, found, limit, words in (
        ("TIERS_MOVED", moved, limits.tiers_moved, "would move to another tier"),
        ("DOWNGRADES", down, limits.downgrades, "would move to a lower tier"),
        ("TIERS_LOST", lost, limits.tiers_lost, "would lose their tier"),
    ):
        yield from _tiers(facts, limits, code, found, limit, words)
    yield from _sources(facts, limits)
    if not limits.segments_may_empty:
        yield from _segments(facts, limits, label)


def _tiers(facts: Facts, limits: Guard, code: str, found: Moves, limit: float, words: str) -> Iterator[Reason]:
    count = sum(found.values())
    if count >= limits.at_least and count > limit * facts.with_tier:
        yield Reason(
            code,
            f"{count:,} of {facts.with_tier:,} accounts with a tier ({count / facts.with_tier:.0%}) {words}; "
            f"the model allows {limit:.0%} in one run.",
            "Look at the moves and at what changed: the model, the calibration of a new period, or the data.",
            tuple(found),
        )


def _sources(facts: Facts, limits: Guard) -> Iterator[Reason]:
    for kind, earlier in facts.earlier_records.items():
        now = facts.records.get(kind, 0)
        missing = earlier - now
        if missing >= limits.at_least and missing > limits.source_shrinks * earlier:
            yield Reason(
                "SOURCE_SHRANK",
                f"{missing:,} of {earlier:,} {kind.replace('_', ' ')} records ({missing / earlier:.0%}) are gone "
                f"since the last run; the model allows {limits.source_shrinks:.0%}.",
                "Find out whether they were deleted on purpose, hidden from the integration user, or a file is cut.",
            )


def _segments(facts: Facts, limits: Guard, label: Callable[[str], str]) -> Iterator[Reason]:
    for key, earlier in facts.earlier_segments.items():
        if earlier >= limits.at_least and not facts.segments.get(key):
            yield Reason(
                "SEGMENT_EMPTIED",
                f"The segment {label(key)} had {earlier:,} accounts in the last run and would have none.",
                "Check the fields its rules read, and whether the rules were changed on purpose.",
            )
