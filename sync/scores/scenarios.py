"""Scenarios on the accounts as the newest run read them: what other rates would change, with nothing written."""

from __future__ import annotations

from collections.abc import Mapping

from scoring import scenario
from scoring.model import Model
from sync.models import Portfolio
from sync.scores import baseline, scored


def rates(
    portfolio: Portfolio, changed: Mapping[str, float], *, refit: bool = False
) -> tuple[Model, scenario.Scenario]:
    """The model in force and the scenario. Raises `scored.NothingScored` and `scoring.scenario.UnknownRole`."""
    known = scored.newest(portfolio)
    scenario.with_rates(known.model, changed)  # before anything slow
    frame = baseline.figures(known.run, known.model, known.as_of)
    return known.model, scenario.compare(frame, known.model, changed, known.calibration, known.as_of, refit=refit)
