"""Incremental runs look at what was touched, and end where a full run would; micro-batches go on beside a full one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sync import mirror, starting
from sync.models import Change, Dirty, Run
from sync.reading import dirty
from sync.writing import holding, undoing
from tests.sync import playing
from tests.sync.crm_stage import CrmStage
from tests.sync.playing import Plays
from tests.sync.stage import TODAY, Stage

INCREMENTAL = Run.Kind.INCREMENTAL


def incremental(stage: Stage, today: date = TODAY) -> Run:
    run = stage.work(starting.create(stage.portfolio, "test", today=today, kind=INCREMENTAL))
    assert run.state == Run.State.DONE, run.error
    return run


@pytest.fixture(scope="session")
def caught_up_once(settled: Path, plays: Plays) -> Path:
    return plays.play("caught-up", settled, lambda stage, _: incremental(stage))


@pytest.fixture(scope="session")
def caught_up_portal(settled_portal: Path, plays: Plays) -> Path:
    return plays.play("caught-up-portal", settled_portal, lambda stage, _: stage.incremental())


@pytest.fixture
def caught_up(caught_up_once: Path, home: Path) -> Iterator[Stage]:
    """A stage after a first run, and an incremental one that has looked at what that wrote."""
    with playing.opened(caught_up_once, home) as stage:
        yield stage


def test_after_a_full_run_the_first_looks_at_what_we_wrote_and_the_next_at_nothing(after_run: Stage) -> None:
    incremental(after_run)
    second = incremental(after_run)
    assert second.progress["score"]["total"] == 0
    assert second.counts["records_planned"] == 0


def test_an_edit_back_to_what_stood_before_is_seen_with_an_undo_in_between(after_run: Stage) -> None:
    """To the mirror it is no difference, and an undo reads no changes: it is not the last time the CRM was read."""
    run = Run.objects.get()
    undone, edited = run.changes.order_by("record_id")[:2]
    after_run.work(undoing.create(run, "Anna", accounts=[undone.record_id]))
    after_run.org.update("Account", [{"Id": edited.record_id, **edited.before}])
    batch = incremental(after_run)
    assert batch.counts["whole"] is False
    assert after_run.connection.accounts.get(record_id=edited.record_id).seen_in == batch


def test_only_accounts_of_changed_records_are_scored(caught_up: Stage) -> None:
    (case,) = caught_up.query("SELECT Id, AccountId, Priority FROM Case LIMIT 1")
    caught_up.org.update("Case", [{"Id": case["Id"], "Priority": "High" if case["Priority"] != "High" else "Low"}])
    run = incremental(caught_up)
    assert run.progress["score"]["total"] == 1
    assert run.progress["plan"]["total"] == 1
    touched = [state.record_id for state in run.portfolio.connections.get().accounts.filter(seen_in=run)]
    assert touched == [case["AccountId"]]


def test_a_moved_stamp_without_a_change_touches_nothing(caught_up: Stage) -> None:
    (account,) = caught_up.query("SELECT Id, Name FROM Account LIMIT 1")
    caught_up.org.update("Account", [{"Id": account["Id"], "Name": account["Name"]}])
    assert incremental(caught_up).progress["score"]["total"] == 0


def test_findings_of_other_accounts_stay_open(caught_up: Stage) -> None:
    stage, full = caught_up, Run.objects.get(kind=Run.Kind.FULL)
    account = stage.query("SELECT Id FROM Account LIMIT 1")[0]["Id"]
    dirty.mark(stage.connection, [account], "test")
    run = incremental(stage)
    assert run.progress["score"]["total"] == 1
    assert run.counts["findings"] == full.counts["findings"]
    assert not Dirty.objects.exists()


def test_a_turn_of_the_period_is_scored_whole(after_run: Stage) -> None:
    assert incremental(after_run, date(2026, 12, 1)).counts["whole"] is True
    assert incremental(after_run, date(2026, 12, 2)).counts["whole"] is False


def test_a_micro_batch_goes_on_beside_a_full_run_and_neither_writes_a_record_twice(caught_up: Stage) -> None:
    accounts = [row["Id"] for row in caught_up.query("SELECT Id FROM Account WHERE Type LIKE 'Customer%' LIMIT 4")]
    caught_up.org.update("Account", [{"Id": record, "Tierline_Tier_Reason__c": None} for record in accounts])
    full = caught_up.work(caught_up.start(), until=Run.Step.SEND)
    assert full.changes.exists()
    batch = incremental(caught_up)
    assert batch.state == Run.State.DONE
    busy = set(full.changes.values_list("record_id", flat=True))
    assert not busy & set(batch.changes.values_list("record_id", flat=True))
    full = caught_up.work(full)
    assert full.counts["records_verified"] == full.changes.count()
    again = incremental(caught_up)
    assert again.counts["records_planned"] == 0
    assert not Dirty.objects.exists()


def test_an_older_run_does_not_overwrite_what_a_newer_one_saw(caught_up: Stage) -> None:
    full = caught_up.work(caught_up.start(), until=Run.Step.PLAN)
    account = caught_up.query("SELECT Id FROM Account WHERE Type LIKE 'Customer%' LIMIT 1")[0]["Id"]
    dirty.mark(caught_up.connection, [account], "test")
    batch = incremental(caught_up)
    full = caught_up.work(full)
    assert caught_up.connection.accounts.get(record_id=account).seen_in == batch
    assert full.state == Run.State.DONE


def test_while_a_run_is_held_micro_batches_wait(planned: Stage) -> None:
    stage, run = planned, Run.objects.get()
    Run.objects.filter(pk=run.pk).update(state=Run.State.HELD, held=[])
    with pytest.raises(starting.NothingToRun, match="waits for approval"):
        starting.create(stage.portfolio, "test", kind=INCREMENTAL)
    run.refresh_from_db()
    holding.drop(run, "Anna")
    assert not Change.objects.filter(state__in=Change.OPEN).exists()
    starting.create(stage.portfolio, "test", kind=INCREMENTAL)


def published(stage: CrmStage) -> dict[str, dict[str, Any]]:
    """What was decided, without the day it was written on."""
    days = ("since__c", "date__c", "_since", "_date", "_scored_on")
    return {
        record: {name: value for name, value in values.items() if not name.lower().endswith(days)}
        for record, values in stage.own_values().items()
    }


@pytest.mark.parametrize(
    "worked",
    [
        pytest.param(frozenset({6, 8, 9, 10, 30, 39, 40, 60}), id="some of the days"),
        pytest.param(frozenset(range(1, 61)), id="every day", marks=pytest.mark.soak),
    ],
)
@pytest.mark.parametrize("crm", ["salesforce", "hubspot"])
def test_sixty_daily_incrementals_equal_one_full_run_on_day_sixty(
    crm: str, worked: frozenset[int], home: Path, request: pytest.FixtureRequest
) -> None:
    """Cases open, industries are corrected, lines and accounts go; two turns of the month are among the days."""
    template = {"salesforce": "caught_up_once", "hubspot": "caught_up_portal"}[crm]
    with playing.opened(request.getfixturevalue(template), home) as stage:
        live_sixty_days(stage, worked)


def live_sixty_days(stage: CrmStage, worked: frozenset[int]) -> None:
    accounts = sorted(stage.own_values())
    since_life = 0
    for day in range(1, 61):
        today = stage.today + timedelta(days=day)
        if day % 6 == 0:
            stage.live_one_day(accounts, day)
            since_life = 0
        if day in worked:
            run = stage.incremental(today)
            since_life += 1
            if today.day != 1 and since_life > 2:
                assert run.counts["records_written"] == 0
    after_sixty = published(stage)
    full = stage.run(stage.today + timedelta(days=60))
    assert full.state == Run.State.DONE, full.error
    assert full.counts["records_planned"] == 0, [(row.before, row.after) for row in full.changes.all()[:3]]
    assert published(stage) == after_sixty


def test_a_formula_that_changed_without_a_time_stamp_is_read_again_once_a_day(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A formula over the owner's name changes when somebody marries; no account's time stamp moves."""
    monkeypatch.setattr(mirror, "LOOK_BACK", timedelta(0))
    stage.org.set_setting("field_security", False)
    formula = {"label": "Mode", "type": "Text", "formula": "Owner.LastName"}
    stage.crm.request(
        "POST", "tooling/sobjects/CustomField/", json={"FullName": "Account.Mode_By_Owner__c", "Metadata": formula}
    ).raise_for_status()
    stage.publish(("operation_mode: Operation_Mode__c", "operation_mode: Mode_By_Owner__c"), folder=tmp_path)
    first = stage.run()
    assert first.state == Run.State.DONE, first.error
    account, other = stage.query("SELECT Id, OwnerId FROM Account LIMIT 2")
    stage.org.clock.fix(datetime.now(UTC) + timedelta(minutes=1))  # in another second than the first run's writes
    stage.org.update("Account", [{"Id": other["Id"], "Rating": "Hot"}])  # the newest stamp is another account's
    stage.run()
    stage.org.update("User", [{"Id": account["OwnerId"], "LastName": "Married"}])
    stage.run()
    assert _mode(stage, account["Id"]) != "Married", "read again on the same day"
    stage.run(TODAY + timedelta(days=1))
    assert _mode(stage, account["Id"]) == "Married"


def _mode(stage: Stage, record: str) -> str:
    with mirror.reading(stage.portfolio.pk) as tables:
        accounts = tables["account"]
        return str(accounts.filter(accounts.id == record).operation_mode.execute()[0])


def test_rows_of_a_large_load_are_not_read_again_by_every_run(after_run: Stage) -> None:
    """All rows bear one time; read well after it, nothing that bears it can appear any more."""
    later = datetime.now(UTC) + timedelta(hours=1)
    after_run.org.clock.fix(later)
    after_run.run()
    after_run.crm.request("DELETE", "/__sandbox__/log")
    after_run.run()
    log = after_run.crm.request("GET", "/__sandbox__/log").json()
    assert sum(entry["rows_returned"] for entry in log if "/query" in entry["path"]) < 30
