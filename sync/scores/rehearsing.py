"""What another model would do to the accounts as the newest run read them; nothing is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from scoring import business_units, pipeline, simulation
from scoring.calibration import Calibration
from scoring.model import Model
from scoring.periods import months_before
from sync import outputs
from sync.alerts import ways
from sync.governance import comparison
from sync.models import Portfolio, Run
from sync.scores import baseline, scored, side_tiers, unit_tiers

VALUES = ("segment", "sub_segment", "value_profile")


@dataclass(frozen=True)
class Rehearsal:
    """What would be different with a model that is not in force.

    Attributes:
        sections: parts of the model file that differ from those in force.
        entering, leaving: names of accounts that would become customers, or no longer be.
        tiers: see `comparison.moved`; by the figures alone. beside: see `comparison.beside`.
        values: per output, (from, to, accounts): what the rules would call them, most accounts first.
        unread: CRM fields that this model maps and no run has read yet, as "account: Field__c".
        turns: tier churn over past periods.
    """

    as_of: date
    in_force: Model
    customers: int
    sections: tuple[str, ...]
    entering: tuple[str, ...]
    leaving: tuple[str, ...]
    tiers: Mapping[str, Any]
    beside: list[dict[str, Any]]
    values: Mapping[str, list[tuple[str, str, int]]]
    unread: tuple[str, ...]
    turns: tuple[simulation.Turn, ...]


def rehearse(portfolio: Portfolio, candidate: Model, periods: int = 0) -> Rehearsal:
    """Compare the model in force with `candidate`, cut anew, and walk it over `periods` months before.

    Raises `scored.NothingScored`.
    """
    known = scored.newest(portfolio)
    run, ours, as_of = known.run, known.model, known.as_of
    old, new = baseline.figures(run, ours, as_of), baseline.figures(run, candidate, as_of)
    parts = unit_tiers.figures(run, candidate, as_of, new, some=False)
    renewed = replace(pipeline.calibrate(new, candidate, as_of), units=business_units.fitted(parts, candidate, as_of))
    before = pipeline.standing(old, ours, known.calibration, as_of)["tier"]
    after = pipeline.standing(new, candidate, renewed, as_of)["tier"]
    was, will = pipeline.described(old, ours, as_of), pipeline.described(new, candidate, as_of)
    names = new["name"].where(new["name"].notna(), new["account_id"])
    people = ways.names(portfolio)
    return Rehearsal(
        as_of=as_of,
        in_force=ours,
        customers=renewed.customers,
        sections=_sections(ours, candidate),
        entering=tuple(names[will["in_scope"] & ~was["in_scope"]]),
        leaving=tuple(names[was["in_scope"] & ~will["in_scope"]]),
        tiers=comparison.moved(new, before, after, people),
        beside=comparison.beside(
            new, _sides(run, ours, as_of, old, known.calibration), _sides(run, candidate, as_of, new, renewed), people
        ),
        values={name: _pairs(was[name], will[name]) for name in VALUES},
        unread=tuple(_unread(run, candidate)),
        turns=tuple(simulation.walk(_past(run, candidate, as_of, periods), candidate)) if periods else (),
    )


def _sides(
    run: Run, model: Model, as_of: date, frame: pd.DataFrame, calibration: Calibration
) -> dict[str, side_tiers.Tiers]:
    parts = unit_tiers.figures(run, model, as_of, frame, some=False)
    return side_tiers.of(run, as_of, model, calibration, frame, parts)


def _sections(ours: Model, other: Model) -> tuple[str, ...]:
    return tuple(name for name in Model.model_fields if getattr(ours, name) != getattr(other, name))


def _pairs(was: pd.Series, will: pd.Series) -> list[tuple[str, str, int]]:
    before, after = (values.astype(object).where(values.notna(), "").tolist() for values in (was, will))
    counts = Counter(pair for pair in zip(before, after, strict=True) if pair[0] != pair[1])
    return sorted(((*pair, count) for pair, count in counts.items()), key=lambda each: (-each[2], each[0], each[1]))


def _unread(run: Run, candidate: Model) -> Iterator[str]:
    """Fields that the candidate maps and the model in force does not, or not to the same column."""
    for connection in run.portfolio.crms():
        ours, other = (outputs.layout_of(model, connection.kind) for model in (outputs.model(run.model), candidate))
        for kind, fields in other.mapped.items():
            known = ours.mapped.get(kind, {})
            yield from (f"{kind.replace('_', ' ')}: {path}" for name, path in fields.items() if known.get(name) != path)


def _past(run: Run, model: Model, as_of: date, periods: int) -> Iterator[tuple[date, pd.DataFrame]]:
    for number in range(periods, -1, -1):
        day = months_before(as_of, number)
        yield day, baseline.figures(run, model, day)
