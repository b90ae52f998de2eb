"""Data-quality rules that installed Python packages bring, by the entry point group `tierline.quality_rules`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from scoring import quality
from scoring.quality import Rule

GROUP = "tierline.quality_rules"


class UnusableRule(Exception):
    """A package offers something that is no rule, or takes the id of another one."""


@lru_cache(maxsize=1)
def loaded() -> tuple[Rule, ...]:
    """The rules of all installed packages, by name of their entry point. Raises UnusableRule."""
    return read(entry_points(group=GROUP))


def read(points: Iterable[EntryPoint]) -> tuple[Rule, ...]:
    """Rules that entry points lead to: a class without arguments, as `scoring.quality.Rule` describes it."""
    taken = {rule.id for rule in quality.RULES}
    found: list[Rule] = []
    for point in sorted(points, key=lambda point: point.name):
        rule = point.load()()
        lacking = [name for name in ("id", "title", "severity", "problems") if not hasattr(rule, name)]
        if lacking:
            raise UnusableRule(f"{point.value}, installed as {point.name} of {GROUP}, has no {', '.join(lacking)}")
        if rule.id in taken or rule.id.startswith(quality.CUSTOM):
            raise UnusableRule(f"{point.value}, installed as {point.name} of {GROUP}, takes the id {rule.id!r}")
        taken.add(rule.id)
        found.append(rule)
    return tuple(found)
