"""A run whose plan goes too far waits: approved, approved in part, dropped, or replaced by a newer one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core import mail

from sync import jobs, starting
from sync.models import AccountState, AuditEvent, Change, Run, Score
from sync.writing import holding
from tests.sync import playing
from tests.sync.crm_stage import CrmStage
from tests.sync.playing import Plays

OTHER_CUTS = (
    ("value: [{quantile: 0.6}]", "value: [{quantile: 0.85}]"),
    ("cost: [{quantile: 0.5}]", "cost: [{quantile: 0.9}]"),
    ("share: {min: 0.05, max: 0.5}", "share: {min: 0.0, max: 1.0}"),
)


def publish_and_run(stage: CrmStage, folder: Path) -> None:
    stage.publish(*OTHER_CUTS, stage.strict, folder=folder)
    stage.run()


@pytest.fixture(scope="session")
def too_far(settled: Path, plays: Plays) -> Path:
    return plays.play("too-far", settled, publish_and_run)


@pytest.fixture(scope="session")
def too_far_portal(settled_portal: Path, plays: Plays) -> Path:
    return plays.play("too-far-portal", settled_portal, publish_and_run)


@pytest.fixture(params=["too_far", "too_far_portal"], ids=["salesforce", "hubspot"])
def held(request: pytest.FixtureRequest, home: Path) -> Iterator[tuple[CrmStage, Run]]:
    """A company whose tiers are published, and a run with another model that would move many of them."""
    with playing.opened(request.getfixturevalue(request.param), home) as stage:
        yield stage, Run.objects.latest("pk")


def test_a_model_that_moves_many_tiers_waits_and_sends_nothing(held: tuple[CrmStage, Run]) -> None:
    _, run = held
    assert run.state == Run.State.HELD
    assert "TIERS_MOVED" in [reason["code"] for reason in run.held]
    assert all(reason["message"] and reason["next_step"] for reason in run.held)
    assert set(run.changes.values_list("state", flat=True)) == {Change.State.PLANNED}
    jobs.work(run.pk)
    assert run.changes.filter(state=Change.State.PLANNED).count() == run.changes.count()


def test_the_administrator_is_told_once(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    mail.outbox.clear()
    jobs.deliver(stage.portfolio.pk)
    jobs.deliver(stage.portfolio.pk)
    told = [message for message in mail.outbox if f"Run {run.pk} of test waits" in message.subject]
    assert len(told) == 1
    assert run.held[0]["message"] in told[0].body
    assert told[0].to == [stage.connection.identity["user_email"]]


def test_an_approved_run_goes_on_and_says_who_approved_it(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    assert holding.approve(run, "Anna") == 0
    run = stage.work(run)
    assert run.state == Run.State.DONE, run.error
    assert run.decided_by == "Anna"
    assert AuditEvent.objects.filter(action="run approved", actor="Anna").exists()
    values = stage.own_values()
    assert all(
        values[each.record_id][stage.field("tier")] == each.tier for each in AccountState.objects.exclude(tier="")
    )


def test_downgrades_can_be_left_out(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    before = stage.own_values()
    down = {row.record_id for row in holding.part_of(run, "downgrades")}
    assert down
    left_out = holding.approve(run, "Anna", leave_out=["downgrades"])
    rows = run.changes.filter(state=Change.State.LEFT_OUT)  # on HubSpot their details and deals besides
    assert left_out == rows.count()
    assert set(rows.filter(kind="account").values_list("record_id", flat=True)) == down
    run = stage.work(run)
    after = stage.own_values()
    assert run.state == Run.State.DONE
    assert all(after[record] == before[record] for record in down)
    assert after != before
    assert run.counts["records_left_out"] == len(down)
    shown = AccountState.objects.filter(record_id__in=down)
    assert all(state.tier == before[state.record_id][stage.field("tier")] for state in shown)


def test_a_dropped_run_leaves_crm_and_scores_as_they_were(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    before = stage.own_values()
    holding.drop(run, "Anna")
    run.refresh_from_db()
    assert run.state == Run.State.DROPPED
    assert set(run.changes.values_list("state", flat=True)) == {Change.State.LEFT_OUT}
    assert stage.own_values() == before
    moved = run.changes.filter(kind="account", after__has_key=stage.field("tier")).values("record_id")
    shown = AccountState.objects.filter(record_id__in=moved)
    assert shown.exists()
    assert all(state.tier == before[state.record_id][stage.field("tier")] for state in shown)
    assert not Score.objects.filter(run=run, account__in=shown).exists()
    with pytest.raises(holding.NotHeld):
        holding.approve(run, "Anna")


def test_a_newer_run_replaces_one_that_waits(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    newer = stage.run()
    run.refresh_from_db()
    assert newer.state == Run.State.HELD
    assert run.state == Run.State.DROPPED
    assert "planned anew" in run.notice
    assert newer.changes.count() == run.changes.count()


def test_it_can_only_be_approved_while_no_other_run_is_at_work(held: tuple[CrmStage, Run]) -> None:
    stage, run = held
    starting.create(stage.portfolio, "test")
    with pytest.raises(holding.Busy):
        holding.approve(run, "Anna")
    run.refresh_from_db()
    assert run.state == Run.State.HELD
