"""Step `score`: features of all accounts, calibration at the turn of the period, then scores in chunks.

What one job hands to the next lies as Parquet in the run's folder, written aside and renamed; a chunk that was
computed twice is the same chunk. So other workers may score chunks too (`sync.scores.helping`).
"""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
from django.conf import settings

from scoring import calibration as calibrating
from scoring import pipeline
from scoring.money import SCALE
from sync import lease, mirror, outputs
from sync.governance import calibrations
from sync.matching import looking, matches
from sync.models import Calibration, Change, Dirty, Run
from sync.reading import dirty, events
from sync.scores import baseline, group_tiers, grouping, latest, pairing, unit_tiers

#: Accounts per chunk: scored, and later planned, in one job.
CHUNK = 5000
#: Tiers of whole groups, those that business units give, and the accounts of an incremental run, in the run's folder.
_GROUPS, _UNITS, _SCOPE, _PAIRS = "groups.parquet", "units.parquet", "scope.parquet", "pairs.parquet"
#: Touched accounts from which all are scored.
MANY = 20_000


def folder(run: Run) -> Path:
    root: Path = settings.HOME / "runs"
    return root / str(run.pk)


def chunks(run: Run) -> int:
    """Number of score chunks of this run."""
    return int(run.progress["score"]["total"])


def scores(run: Run, number: int) -> pd.DataFrame:
    """ScoreTable of one chunk."""
    return pd.read_parquet(_path(run, number))


def _path(run: Run, number: int) -> Path:
    return folder(run) / f"scores-{number}.parquet"


def advance(run: Run, token: str) -> bool:
    """First unit: features and calibration. Then one chunk a unit; False after the last."""
    with _uncollected():
        return _unit(run, token)


def _unit(run: Run, token: str) -> bool:
    state = run.progress.get("score")
    if state is None:
        total = _prepare(run, token)
        progress = {"done": 0, "total": total, "note": "features"}
        lease.record(run.pk, token, progress={**run.progress, "score": progress})
        return total > 0
    number = state["done"]
    if not is_scored(run, number):
        score(run, number)
    customers = pairing.customers(_path(run, number))
    progress = {"done": number + 1, "total": state["total"], "note": "accounts"}
    scored = run.counts.get("accounts_scored", 0) if number else 0
    counts = {**run.counts, "accounts_scored": scored + customers}
    more = bool(number + 1 < int(state["total"]))
    if not more:
        parts = [_path(run, done) for done in range(number + 1)]
        latest.publish(run.portfolio_id, run.pk, parts, whole=run.counts.get("whole", True))
        counts |= _equity(run)
    lease.record(run.pk, token, progress={**run.progress, "score": progress}, counts=counts)
    return more


def is_scored(run: Run, number: int) -> bool:
    return _path(run, number).exists()


def score(run: Run, number: int) -> None:
    """Score one chunk; its ScoreTable lies in the run's folder then."""
    with _uncollected():
        _score(run, number)


def _score(run: Run, number: int) -> None:
    model, calibration = outputs.model(run.model), _calibration(run)
    with pq.ParquetFile(folder(run) / "features.parquet") as features:
        part = features.read_row_group(number).to_pandas()
    before = baseline.before(run, part, model, calibration)
    table = pipeline.score(part, model, calibration, as_of(run), before)
    for wanted, name in ((model.groups.enabled, _GROUPS), (model.business_units.units, _UNITS)):
        if wanted:
            table = _beside(table, pd.read_parquet(folder(run) / name))
    _write(pairing.on_both(table, folder(run) / _PAIRS), _path(run, number))


@contextmanager
def _uncollected() -> Iterator[None]:
    """Scores are many small lists, none of them in a circle: looking for circles took a third of all time.

    The few that there are (pandas makes some) are collected at the end.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
        gc.collect(0)


def _prepare(run: Run, token: str) -> int:
    """Compute features and, once per model and period, the calibration; returns the number of chunks."""
    _tidy(run)
    model = outputs.model(run.model)
    calibration = calibrations.current(run.model)
    pairing.keep(run, model, folder(run) / _PAIRS)
    scope = scope_of(run, calibration)
    if scope is not None:
        _write(pd.DataFrame({"account_id": sorted(scope)}, dtype=object), folder(run) / _SCOPE)
    if scope == set():  # nothing was touched: not even the query for features is worked out
        lease.record(run.pk, token, calibration=calibration, counts={**run.counts, "whole": False})
        return 0
    chosen = None if scope is None else sorted(pairing.leading(run.portfolio, scope))
    frame = baseline.figures(run, model, as_of(run), chosen)
    _write(frame, folder(run) / "features.parquet")
    parts = unit_tiers.figures(run, model, as_of(run), frame, some=scope is not None)
    if len(frame):
        calibration = calibration or calibrations.first(run, frame, parts)
        if scope is None:
            calibrations.propose(run, frame, calibration, parts)
    lease.record(run.pk, token, calibration=calibration, counts={**run.counts, "whole": scope is None})
    run.calibration = calibration
    if model.business_units.units and calibration is not None:
        _write(unit_tiers.standing(run, model, _calibration(run), parts), folder(run) / _UNITS)
    if model.groups.enabled and calibration is not None:
        _write(group_tiers.standing(run, model, _calibration(run), frame), folder(run) / _GROUPS)
    return -(-len(frame) // CHUNK)


def scope_of(run: Run, calibration: Calibration | None) -> set[str] | None:
    """Ids of the accounts an incremental run has to look at; None for all of them.

    All: in a full run, at the turn of the period, with a new model or calibration, when anything was read that touches
    every account, and when so many are touched that choosing them costs more than it spares.
    """
    if run.kind != Run.Kind.INCREMENTAL or calibration is None or not _follows_whole(run, calibration):
        return None
    touched = mirror.touched_accounts(run.portfolio_id)
    asked = Dirty.objects.filter(connection__portfolio=run.portfolio, pk__lte=dirty.upto(run))
    if touched.accounts is None:
        return None
    ids = {record_id for _, record_id in touched.accounts} | set(asked.values_list("record_id", flat=True))
    ids |= _written_lately(run) | looking.touched(run)
    ids.discard(events.ANY)
    if outputs.model(run.model).groups.enabled and len(ids) <= MANY:
        ids = grouping.together(run, pairing.leading(run.portfolio, ids)) | ids
    ids = matches.together(run.portfolio, ids)
    return ids if len(ids) <= MANY else None


def scope(run: Run) -> set[str] | None:
    """Ids of the accounts that this run looks at, gone ones included; None for all of them."""
    if run.counts.get("whole", True):
        return None
    return set(pd.read_parquet(folder(run) / _SCOPE)["account_id"])


def _written_lately(run: Run) -> set[str]:
    """Accounts written since the run before this one read the CRM.

    An edit that puts back what we have just replaced is no difference to the mirror, which never saw our value.
    """
    done = Run.objects.filter(portfolio=run.portfolio, state=Run.State.DONE, pk__lt=run.pk)
    read = done.exclude(kind__in=(Run.Kind.UNDO, Run.Kind.ANSWER)).first()  # these read no changes
    if read is None:
        return set()
    writers = Run.objects.filter(portfolio=run.portfolio, pk__lt=run.pk).exclude(finished_at__lt=read.started_at)
    sent = Change.objects.filter(run__in=writers, kind="account", attempts__gt=0)
    return set(sent.values_list("record_id", flat=True)[: MANY + 1])


def _follows_whole(run: Run, calibration: Calibration) -> bool:
    """Whether all accounts were scored before with this model and calibration for this date."""
    whole = Run.objects.filter(portfolio=run.portfolio, state=Run.State.DONE, as_of=run.as_of, counts__whole=True)
    return whole.filter(model=run.model, calibration=calibration).exists()


def as_of(run: Run) -> date:
    """The date this run scores for; fixed once everything is read."""
    if run.as_of is None:
        raise ValueError("a run is scored after its date is fixed")
    return run.as_of


def note(run: Run) -> str:
    """What an administrator should know about the calibration this run scored with; "" when there is nothing."""
    return _calibration(run).note if run.calibration else ""


def equity(run: Run) -> str:
    """Customer equity as a sentence; "" where the model has no lifetime values."""
    total, customers = run.counts.get("customer_equity"), run.counts.get("customers_valued", 0)
    if total is None:
        return ""
    amount = f"{round(total / SCALE):,} {outputs.model(run.model).currency}"
    return f"Customer equity {amount}: the lifetime values of {customers:,} customers together."


def _beside(table: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    """A ScoreTable with the columns of `known`, by account; None where that says nothing of an account."""
    joined = table[["account_id"]].merge(known, on="account_id", how="left").astype(object)
    joined = joined.where(joined.notna(), None)
    return table.assign(**{str(name): joined[name].to_numpy() for name in known.columns if name != "account_id"})


def _equity(run: Run) -> dict[str, int]:
    found = latest.equity(run.portfolio_id) if outputs.model(run.model).clv else None
    return {"customer_equity": found[0], "customers_valued": found[1]} if found else {}


def _calibration(run: Run) -> calibrating.Calibration:
    if run.calibration is None:
        raise ValueError("a run is scored after it is calibrated")
    return calibrating.Calibration.from_json(run.calibration.payload)


def _write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{os.getpid()}.draft")  # two workers may score one chunk at a time
    frame.to_parquet(draft, index=False, row_group_size=CHUNK)
    draft.replace(path)


def _tidy(run: Run) -> None:
    """Drop the folders of earlier runs of this portfolio, and scores under this run's number that are none of its own.

    What earlier runs published is in the database.
    """
    for path in folder(run).glob("scores-*"):
        path.unlink()
    earlier = Run.objects.filter(portfolio=run.portfolio, pk__lt=run.pk).exclude(
        state__in=(Run.State.ACTIVE, Run.State.HELD)
    )
    for pk in earlier.values_list("pk", flat=True)[:50]:
        shutil.rmtree(settings.HOME / "runs" / str(pk), ignore_errors=True)
