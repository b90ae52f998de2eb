"""Calibrations of a model: the one in force, and proposals that a person compares and publishes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from scoring import business_units, churn, pipeline
from scoring import calibration as calibrating
from scoring.model import Model
from scoring.tiers import stability
from sync import audit, outputs
from sync.alerts import ways
from sync.governance import comparison
from sync.models import Calibration, PublishedModel, Run
from sync.scores import baseline, side_tiers


def current(model: PublishedModel) -> Calibration | None:
    """The one in force; None before the first run with this model."""
    published = Calibration.objects.filter(model=model, state=Calibration.State.PUBLISHED)
    return published.order_by("-published_at", "-pk").first()


def note(calibration: Calibration) -> str:
    """What an administrator should know about it: cuts that moved, cost that no account explains."""
    return calibrating.Calibration.from_json(calibration.payload).note


def first(run: Run, frame: pd.DataFrame, units: Mapping[str, pd.DataFrame]) -> Calibration:
    """Fit the calibration that comes with a model.

    `frame`: features of all accounts; `units`: by business unit, those of its customers.
    """
    if run.as_of is None:
        raise ValueError("a run is calibrated after its date is fixed")
    payload = _fitted(run, frame, units, outputs.model(run.model), run.as_of).to_json()
    made, _ = Calibration.objects.get_or_create(
        model=run.model, as_of=run.as_of, defaults={"payload": payload, "published_at": timezone.now()}
    )
    return made


def propose(run: Run, frame: pd.DataFrame, held: Calibration, units: Mapping[str, pd.DataFrame]) -> Calibration | None:
    """At a review, fit a new one beside that in force and note what it would move; None when nothing is due."""
    model = outputs.model(run.model)
    if run.as_of is None or not stability.is_review(held.as_of, run.as_of, model.tiers.stability):
        return None
    if Calibration.objects.filter(model=run.model, as_of=run.as_of).exists():
        return None
    fitted = _fitted(run, frame, units, model, run.as_of)
    old = calibrating.Calibration.from_json(held.payload)
    if fitted.to_json() == calibrating.at(old, run.as_of).to_json():
        return None
    return Calibration.objects.create(
        model=run.model,
        as_of=run.as_of,
        payload=fitted.to_json(),
        state=Calibration.State.PROPOSED,
        comparison=compare(frame, units, model, old, fitted, run, ways.names(run.portfolio)),
    )


def _fitted(
    run: Run, frame: pd.DataFrame, units: Mapping[str, pd.DataFrame], model: Model, as_of: date
) -> calibrating.Calibration:
    """The fit to these features, and to what was known before the months from which churn is learned."""
    since = pipeline.learned_since(model, as_of)
    asked = churn.learned_from(frame["account_id"].tolist())
    past = None if since is None else baseline.figures(run, model, since, asked)
    own = business_units.fitted(units, model, as_of)
    fitted = pipeline.calibrate(frame, model, as_of, past)
    return replace(fitted, units=own, units_note=business_units.note(own, model))


def compare(
    frame: pd.DataFrame,
    units: Mapping[str, pd.DataFrame],
    model: Model,
    old: calibrating.Calibration,
    new: calibrating.Calibration,
    run: Run,
    names: Mapping[str, str],
) -> dict[str, Any]:
    """Who would move, by figures alone; `comparison.moved` says what is told of them, and "beside" holds the same for
    business units and groups."""
    if run.as_of is None:
        raise ValueError("a run is calibrated after its date is fixed")
    before, after = (pipeline.standing(frame, model, each, run.as_of)["tier"] for each in (old, new))
    sides = [side_tiers.of(run, run.as_of, model, each, frame, units) for each in (old, new)]
    told = comparison.moved(frame, before, after, names)
    return {"customers": new.customers, **told, "beside": comparison.beside(frame, sides[0], sides[1], names)}


class Refused(ValueError):
    """A decision that cannot be; the message says why and what to do."""


def publish(calibration: Calibration, by: str) -> None:
    """Put it in force from the next run on; an earlier one that is published again is how one goes back.

    Raises `Refused` for one that is in force already, and for one of a model that no longer is.
    """
    portfolio = calibration.model.portfolio
    if portfolio.model_in_force() != calibration.model:
        raise Refused("This calibration belongs to a model that is not in force; publish that model first.")
    held = current(calibration.model)
    if held == calibration:
        raise Refused(f"The calibration of {calibration.as_of} is in force already.")
    with transaction.atomic():
        Calibration.objects.filter(pk=calibration.pk).update(
            state=Calibration.State.PUBLISHED, published_at=timezone.now(), decided_by=by
        )
        before = held.pk if held else None
        audit.note(
            portfolio, by, "calibration published", str(calibration), calibration=calibration.pk, instead_of=before
        )


def reject(calibration: Calibration, by: str) -> None:
    """Leave a proposal aside. Raises `Refused` for one that is decided already."""
    proposed = Calibration.objects.filter(pk=calibration.pk, state=Calibration.State.PROPOSED)
    with transaction.atomic():
        if not proposed.update(state=Calibration.State.REJECTED, decided_by=by):
            raise Refused(f"The calibration of {calibration.as_of} is no proposal any more.")
        audit.note(
            calibration.model.portfolio, by, "calibration rejected", str(calibration), calibration=calibration.pk
        )
