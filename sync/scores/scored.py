"""What the newest run scored, for questions that are asked between runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from scoring import calibration as calibrating
from scoring.calibration import Calibration
from scoring.model import Model
from sync import outputs
from sync.governance import calibrations
from sync.models import Portfolio, Run


class NothingScored(ValueError):
    """No run has scored the accounts of a portfolio yet."""


@dataclass(frozen=True)
class Scored:
    """The run, its date, its model, and the calibration that is in force for it now."""

    run: Run
    as_of: date
    model: Model
    calibration: Calibration


def newest(portfolio: Portfolio) -> Scored:
    """The newest run that scored accounts. Raises `NothingScored`."""
    runs = Run.objects.filter(portfolio=portfolio, state=Run.State.DONE, calibration__isnull=False)
    run = runs.exclude(as_of=None).select_related("model", "calibration", "portfolio").first()
    if run is None or run.as_of is None:
        raise NothingScored("No run has scored accounts yet.")
    held = calibrations.current(run.model) or run.calibration
    if held is None:
        raise NothingScored("No calibration is in force yet.")
    fitted = calibrating.at(calibrating.Calibration.from_json(held.payload), run.as_of)
    return Scored(run, run.as_of, outputs.model(run.model), fitted)
