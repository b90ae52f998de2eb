"""Calibrations of a model: the one in force, and proposals that a person compares and publishes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from scoring import calibration as calibrating
from scoring import pipeline, stability
from scoring.model import Model
from sync import outputs
from sync.models import Calibration, PublishedModel, Run

#: Accounts of a comparison that are named, those worth most first.
NAMED = 200


def current(model: PublishedModel) -> Calibration | None:
    """The one in force; None before the first run with this model."""
    published = Calibration.objects.filter(model=model, state=Calibration.State.PUBLISHED)
    return published.order_by("-published_at", "-pk").first()


def first(run: Run, frame: pd.DataFrame) -> Calibration:
    """Fit the calibration that comes with a model. `frame`: features of all accounts."""
    if run.as_of is None:
        raise ValueError("a run is calibrated after its date is fixed")
    payload = pipeline.calibrate(frame, outputs.model(run.model), run.as_of).to_json()
    made, _ = Calibration.objects.get_or_create(
        model=run.model, as_of=run.as_of, defaults={"payload": payload, "published_at": timezone.now()}
    )
    return made


def propose(run: Run, frame: pd.DataFrame, held: Calibration) -> Calibration | None:
    """At a review, fit a new one beside that in force and note what it would move; None when nothing is due."""
    model = outputs.model(run.model)
    if run.as_of is None or not stability.is_review(held.as_of, run.as_of, model.tiers.stability):
        return None
    if Calibration.objects.filter(model=run.model, as_of=run.as_of).exists():
        return None
    fitted = pipeline.calibrate(frame, model, run.as_of)
    old = calibrating.Calibration.from_json(held.payload)
    if fitted.to_json() == calibrating.at(old, run.as_of).to_json():
        return None
    return Calibration.objects.create(
        model=run.model,
        as_of=run.as_of,
        payload=fitted.to_json(),
        state=Calibration.State.PROPOSED,
        comparison=compare(frame, model, old, fitted, run),
    )


def compare(
    frame: pd.DataFrame, model: Model, old: calibrating.Calibration, new: calibrating.Calibration, run: Run
) -> dict[str, Any]:
    """Who would move, by figures alone: counts per pair of tiers, and the accounts worth most among them."""
    if run.as_of is None:
        raise ValueError("a run is calibrated after its date is fixed")
    before, after = (pipeline.standing(frame, model, each, run.as_of)["tier"] for each in (old, new))
    moves: Counter[str] = Counter()
    accounts = []
    columns = (frame["account_id"], frame["name"], frame["revenue"], before, after)
    for account, name, revenue, there, here in zip(*columns, strict=True):
        if there is not None and here is not None and there != here:
            moves[f"{there} > {here}"] += 1
            label = name if isinstance(name, str) else account
            accounts.append({"id": account, "name": label, "from": there, "to": here, "revenue": int(revenue)})
    accounts.sort(key=lambda each: (-int(each["revenue"]), str(each["id"])))
    return {
        "customers": new.customers,
        "moves": dict(moves.most_common()),
        "accounts": accounts[:NAMED],
        "shares": {"before": dict(old.cuts.shares), "after": dict(new.cuts.shares)},
    }


def publish(calibration: Calibration, by: str) -> None:
    """Put it in force from the next run on; an earlier one that is published again is how one goes back."""
    with transaction.atomic():
        Calibration.objects.filter(pk=calibration.pk).update(
            state=Calibration.State.PUBLISHED, published_at=timezone.now(), decided_by=by
        )


def reject(calibration: Calibration, by: str) -> None:
    """Leave a proposal aside."""
    Calibration.objects.filter(pk=calibration.pk, state=Calibration.State.PROPOSED).update(
        state=Calibration.State.REJECTED, decided_by=by
    )
