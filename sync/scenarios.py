"""Scenarios on the accounts as the newest run read them: what other rates would change, with nothing written."""

from __future__ import annotations

from collections.abc import Mapping

from scoring import calibration as calibrating
from scoring import scenario
from scoring.model import Model
from sync import baseline, calibrations, outputs
from sync.models import Portfolio, Run


class NothingScored(ValueError):
    """No run has scored these accounts yet."""


def rates(
    portfolio: Portfolio, changed: Mapping[str, float], *, refit: bool = False
) -> tuple[Model, scenario.Scenario]:
    """The model in force and the scenario. Raises `NothingScored` and `scoring.scenario.UnknownRole`."""
    runs = Run.objects.filter(portfolio=portfolio, state=Run.State.DONE, calibration__isnull=False)
    run = runs.exclude(as_of=None).select_related("model", "calibration").first()
    if run is None or run.as_of is None:
        raise NothingScored("No run has scored accounts yet.")
    held = calibrations.current(run.model) or run.calibration
    if held is None:
        raise NothingScored("No calibration is in force yet.")
    model = outputs.model(run.model)
    scenario.with_rates(model, changed)  # before anything slow
    frame = baseline.figures(run, model, run.as_of)
    fitted = calibrating.at(calibrating.Calibration.from_json(held.payload), run.as_of)
    return model, scenario.compare(frame, model, changed, fitted, run.as_of, refit=refit)
