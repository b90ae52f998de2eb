"""What the product stands on gives way: its files, its database, what it may write. Nothing is lost, doubled or silent.

Each fault ends in the state of a quiet run, or in a sentence and a next step after which the next run gets there.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.db import OperationalError

from sync import mirror, starting, writeback
from sync.models import Change, Connection, Notice, Run
from sync.run import TRIES
from sync.scores import evaluate
from sync.writing import undoing
from tests.sync.crm_stage import CrmStage
from tests.sync.stage import Stage

pytestmark = pytest.mark.faults


def ended(run: Run) -> Run:
    assert run.state == Run.State.DONE, run.error
    return run


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2]


def garble(data: bytes) -> bytes:
    return bytes(255 - byte if place % 3001 == 3000 else byte for place, byte in enumerate(data))


@pytest.mark.parametrize("harm", [cut, garble])
def test_a_damaged_mirror_is_set_aside_told_and_read_anew(after_run: Stage, harm: Callable[[bytes], bytes]) -> None:
    file = mirror.path(after_run.portfolio.pk)
    file.write_bytes(harm(file.read_bytes()))
    before = after_run.own_values()
    run = after_run.start(kind=Run.Kind.INCREMENTAL)
    after_run.unit(run)
    run.refresh_from_db()
    assert "damaged" in run.notice
    assert file.with_suffix(".damaged.duckdb").exists()
    run = ended(after_run.work(run))
    assert run.counts["accounts_read"] == len(before)
    assert run.counts["records_planned"] == 0
    assert after_run.own_values() == before


def test_a_mirror_that_goes_while_it_is_filled_is_read_from_the_start(after_run: Stage) -> None:
    """Without the kinds that were read before, every customer would have no orders and lose his tier."""
    before = after_run.own_values()
    run = after_run.start()
    while run.progress.get("pull", {}).get("done", 0) < run.progress.get("pull", {}).get("total", 9) - 2:
        after_run.unit(run)
        run.refresh_from_db()
    mirror.path(after_run.portfolio.pk).unlink()
    run = ended(after_run.work(run))
    assert run.counts["records_planned"] == 0
    assert after_run.own_values() == before


def test_a_snapshot_or_scores_that_go_in_mid_run_end_it_with_a_sentence_and_the_next_run_makes_them(
    after_run: Stage,
) -> None:
    run = after_run.work(after_run.start(), until=Run.Step.PLAN)
    mirror.snapshot_path(after_run.portfolio.pk).unlink()
    run = after_run.work(run)
    assert (run.state, "snapshot of the mirror" in run.error) == (Run.State.FAILED, True), run.error
    assert run.next_step
    run = after_run.work(after_run.start(), until=Run.Step.PLAN)
    shutil.rmtree(evaluate.folder(run))
    run = after_run.work(run)
    assert (run.state, "scores-0.parquet" in run.error) == (Run.State.FAILED, True), run.error
    assert "TIERLINE_HOME" in run.next_step
    assert ended(after_run.run()).counts["records_planned"] == 0


def test_a_full_disk_pauses_the_run_with_the_reason_and_it_goes_on_when_there_is_room(
    after_run: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> Any:
        raise duckdb.IOException("IO Error: Could not write file: No space left on device")

    def full_too(*_: object) -> Any:
        raise OSError(errno.ENOSPC, "No space left on device")

    run = after_run.start()
    for target, name, fault in ((duckdb, "connect", full), (evaluate, "_prepare", full_too)):
        after_run.work(run, until=Run.Step.PULL if target is duckdb else Run.Step.SCORE)
        with monkeypatch.context() as patch:
            patch.setattr(target, name, fault)
            for _ in range(TRIES - 1):
                after_run.unit(run)
        run.refresh_from_db()
        assert (run.state, "o space left" in run.notice) == (Run.State.ACTIVE, True), run.notice
    assert ended(after_run.work(run)).counts["records_planned"] == 0


def test_a_database_locked_for_long_pauses_the_run_and_nothing_is_sent_twice(
    planned: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is locked when the outcome of a batch that has arrived is to be recorded."""
    run = Run.objects.get()

    def locked(*_: object) -> None:
        raise OperationalError("database is locked")

    planned.work(run, until=Run.Step.SEND)
    with monkeypatch.context() as patch:
        patch.setattr(writeback, "_save", locked)
        planned.unit(run)
    run.refresh_from_db()
    assert "database is locked" in run.notice
    run = ended(planned.work(run))
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    log = planned.crm.request("GET", "/__sandbox__/log").json()
    rows = sum(each["rows_sent"] for each in log if each["method"] == "PATCH" and "composite" in each["path"])
    assert rows == run.changes.count()


def test_an_undo_waits_for_a_run_that_writes_the_same_record(after_run: Stage) -> None:
    first = Run.objects.get()
    batch = after_run.start(kind=Run.Kind.INCREMENTAL)
    busy = first.changes.filter(kind="account").earliest("pk")
    Change.objects.create(
        run=batch, connection=busy.connection, kind=busy.kind, record_id=busy.record_id, before={}, after={}
    )
    undo = undoing.create(first, "kim")
    after_run.unit(undo)
    undo.refresh_from_db()
    assert (undo.state, "Another run" in undo.notice) == (Run.State.ACTIVE, True), undo.notice
    batch.changes.update(state=Change.State.SUPERSEDED)
    ended(after_run.work(undo))


def test_a_full_run_that_a_newer_model_overtakes_leaves_all_to_it_and_holds_nothing(
    after_run: Stage, tmp_path: Path
) -> None:
    """It plans no account, and no segment is empty for that: nobody is asked to approve nothing."""
    full = after_run.work(after_run.start(), until=Run.Step.PLAN)
    after_run.rename_model(tmp_path)
    assert after_run.incremental().counts["whole"]
    full = ended(after_run.work(full))
    assert full.counts["records_planned"] == 0
    assert full.counts["segments"] == Run.objects.earliest("pk").counts["segments"]


def test_a_crm_that_refuses_everything_is_told_to_the_administrator_once(planned_of_each: CrmStage) -> None:
    planned_of_each.refuse_next(Change.objects.count())
    run = ended(planned_of_each.work(Run.objects.get()))
    assert run.changes.filter(state=Change.State.REJECTED).count() == run.changes.count()
    (notice,) = Notice.objects.filter(key__contains="refused")
    assert f"refused {run.changes.count()} of {run.changes.count()} records" in notice.subject
    assert run.changes.earliest("pk").message in notice.body
    planned_of_each.run()
    assert Notice.objects.filter(key__contains="refused").count() == 1


def test_nothing_is_written_where_two_crms_of_a_kind_share_a_portfolio(after_run: Stage) -> None:
    """An installation of before, which could be set up so: a record id may stand for another company in each."""
    mine = after_run.connection
    Connection.objects.create(portfolio=after_run.portfolio, name="other", kind=mine.kind)
    with pytest.raises(starting.NothingToRun, match="portfolio of its own"):
        starting.create(after_run.portfolio, "kim")
