"""Every condition that a model states, wherever it stands."""

from __future__ import annotations

from collections.abc import Iterator

from scoring.model.conditions import All, AnyOf, Condition, Not, Test
from scoring.model.shape import Model


def conditions(model: Model) -> Iterator[Condition]:
    """Those of scope, segments, value profile, tier axes, groups and quality rules."""
    yield from (rule.require for rule in model.scope)
    for segment in model.segments:
        yield from segment.rules
        for sub in segment.sub_segments:
            yield from sub.rules
    for axis in model.value_profile.axes:
        for part in axis.classes:
            yield from part.rules
    yield from (axis.rule for axis in model.tiers.axes if axis.rule is not None)
    if model.groups.count_elsewhere is not None:
        yield model.groups.count_elsewhere
    yield from (each.when for each in model.quality.contradictions)
    yield from (each.when for each in model.quality.custom)


def several(model: Model) -> frozenset[str]:
    """Fields that the model takes to hold several values: those it tests with `includes`."""
    tests = (test for condition in conditions(model) for test in _tests(condition))
    return frozenset(test.field for test in tests if test.includes is not None)


def _tests(condition: Condition) -> Iterator[Test]:
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from _tests(condition.not_)
    elif isinstance(condition, (All, AnyOf)):
        for part in condition.all if isinstance(condition, All) else condition.any:
            yield from _tests(part)
