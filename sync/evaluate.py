"""Step `score`: features of all accounts, calibration at the turn of the period, then scores in chunks.

What one job hands to the next lies as Parquet in the run's folder, written aside and renamed; a chunk that was
computed twice is the same chunk.
"""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pandas as pd
from django.conf import settings

from scoring import calibration as calibrating
from scoring import features, pipeline
from sync import lease, mirror, outputs
from sync.models import Calibration, Run

#: Accounts per chunk: scored, and later planned, in one job.
CHUNK = 5000


def folder(run: Run) -> Path:
    root: Path = settings.HOME / "runs"
    return root / str(run.pk)


def chunks(run: Run) -> int:
    """Number of score chunks of this run."""
    return int(run.progress["score"]["total"])


def scores(run: Run, number: int) -> pd.DataFrame:
    """ScoreTable of one chunk."""
    return pd.read_parquet(folder(run) / f"scores-{number}.parquet")


def advance(run: Run, token: str) -> bool:
    """First unit: features and calibration. Then one chunk a unit; False after the last."""
    state = run.progress.get("score")
    if state is None:
        total = _prepare(run, token)
        progress = {"done": 0, "total": total, "note": "features"}
        lease.record(run.pk, token, progress={**run.progress, "score": progress})
        return total > 0
    number = state["done"]
    model, calibration = outputs.model(run.model), _calibration(run)
    frame = pd.read_parquet(folder(run) / "features.parquet")
    part = frame.iloc[number * CHUNK : (number + 1) * CHUNK].reset_index(drop=True)
    table = pipeline.score(part, model, calibration, as_of(run))
    _write(table, folder(run) / f"scores-{number}.parquet")
    progress = {"done": number + 1, "total": state["total"], "note": "accounts"}
    scored = run.counts.get("accounts_scored", 0) if number else 0
    counts = {**run.counts, "accounts_scored": scored + int(table["in_scope"].sum())}
    lease.record(run.pk, token, progress={**run.progress, "score": progress}, counts=counts)
    return bool(number + 1 < int(state["total"]))


def _prepare(run: Run, token: str) -> int:
    """Compute features and, once per model and period, the calibration; returns the number of chunks."""
    _tidy(run)
    model = outputs.model(run.model)
    ours = {connection.identity["user_id"] for connection in run.portfolio.crms()}
    with mirror.reading(run.portfolio_id) as tables:
        frame = features.build(tables, model, as_of(run), ours).order_by("account_id").to_pandas()
    _write(frame, folder(run) / "features.parquet")
    calibration = Calibration.objects.filter(model=run.model, as_of=as_of(run)).first()
    if calibration is None and len(frame):
        payload = pipeline.calibrate(frame, model, as_of(run)).to_json()
        calibration, _ = Calibration.objects.get_or_create(
            model=run.model, as_of=as_of(run), defaults={"payload": payload}
        )
    lease.record(run.pk, token, calibration=calibration)
    return -(-len(frame) // CHUNK)


def as_of(run: Run) -> date:
    """The date this run scores for; fixed once everything is read."""
    if run.as_of is None:
        raise ValueError("a run is scored after its date is fixed")
    return run.as_of


def note(run: Run) -> str:
    """What an administrator should know about the tier cuts this run scored with; "" when there is nothing."""
    return _calibration(run).cuts.note if run.calibration else ""


def _calibration(run: Run) -> calibrating.Calibration:
    if run.calibration is None:
        raise ValueError("a run is scored after it is calibrated")
    return calibrating.Calibration.from_json(run.calibration.payload)


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(".draft")
    frame.to_parquet(draft, index=False)
    draft.replace(path)


def _tidy(run: Run) -> None:
    """Drop the folders of earlier runs of this portfolio; what they published is in the database."""
    earlier = Run.objects.filter(portfolio=run.portfolio, pk__lt=run.pk).exclude(
        state__in=(Run.State.ACTIVE, Run.State.HELD)
    )
    for pk in earlier.values_list("pk", flat=True)[:50]:
        shutil.rmtree(settings.HOME / "runs" / str(pk), ignore_errors=True)
