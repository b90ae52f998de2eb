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
from tests.sync.playing import Plays
from tests.sync.stage import Stage

OTHER_CUTS = (
    ("value: [{quantile: 0.6}]", "value: [{quantile: 0.85}]"),
    ("cost: [{quantile: 0.5}]", "cost: [{quantile: 0.9}]"),
    ("share: {min: 0.05, max: 0.5}", "share: {min: 0.0, max: 1.0}"),
    ("guard: {tiers_moved", "guard: {at_least: 3, tiers_moved"),
)


@pytest.fixture(scope="session")
def too_far(settled: Path, plays: Plays) -> Path:
    def act(stage: Stage, folder: Path) -> None:
        stage.publish(*OTHER_CUTS, folder=folder)
        stage.run()

    return plays.play("too-far", settled, act)


@pytest.fixture
def held(too_far: Path, home: Path) -> Iterator[tuple[Stage, Run]]:
    """A company whose tiers are published, and a run with another model that would move many of them."""
    with playing.opened(too_far, home) as stage:
        yield stage, Run.objects.latest("pk")


def test_a_model_that_moves_many_tiers_waits_and_sends_nothing(held: tuple[Stage, Run]) -> None:
    _, run = held
    assert run.state == Run.State.HELD
    assert "TIERS_MOVED" in [reason["code"] for reason in run.held]
    assert all(reason["message"] and reason["next_step"] for reason in run.held)
    assert set(run.changes.values_list("state", flat=True)) == {Change.State.PLANNED}
    jobs.work(run.pk)
    assert run.changes.filter(state=Change.State.PLANNED).count() == run.changes.count()


def test_the_administrator_is_told_once(held: tuple[Stage, Run]) -> None:
    stage, run = held
    mail.outbox.clear()
    jobs.deliver(stage.portfolio.pk)
    jobs.deliver(stage.portfolio.pk)
    told = [message for message in mail.outbox if f"Run {run.pk} of test waits" in message.subject]
    assert len(told) == 1
    assert run.held[0]["message"] in told[0].body
    assert told[0].to == [stage.connection.identity["user_email"]]


def test_an_approved_run_goes_on_and_says_who_approved_it(held: tuple[Stage, Run]) -> None:
    stage, run = held
    assert holding.approve(run, "Anna") == 0
    run = stage.work(run)
    assert run.state == Run.State.DONE, run.error
    assert run.decided_by == "Anna"
    assert AuditEvent.objects.filter(action="run approved", actor="Anna").exists()
    values = stage.own_values()
    assert all(
        values[each.record_id]["Tierline_Tier__c"] == each.tier for each in AccountState.objects.exclude(tier="")
    )


def test_downgrades_can_be_left_out(held: tuple[Stage, Run]) -> None:
    stage, run = held
    before = stage.own_values()
    down = {row.record_id for row in holding.part_of(run, "downgrades")}
    assert down
    assert holding.approve(run, "Anna", leave_out=["downgrades"]) == len(down)
    run = stage.work(run)
    after = stage.own_values()
    assert run.state == Run.State.DONE
    assert all(after[record] == before[record] for record in down)
    assert after != before
    assert run.counts["records_left_out"] == len(down)
    shown = AccountState.objects.filter(record_id__in=down)
    assert all(state.tier == before[state.record_id]["Tierline_Tier__c"] for state in shown)


def test_a_dropped_run_leaves_crm_and_scores_as_they_were(held: tuple[Stage, Run]) -> None:
    stage, run = held
    before = stage.own_values()
    holding.drop(run, "Anna")
    run.refresh_from_db()
    assert run.state == Run.State.DROPPED
    assert set(run.changes.values_list("state", flat=True)) == {Change.State.LEFT_OUT}
    assert stage.own_values() == before
    moved = run.changes.filter(after__has_key="Tierline_Tier__c").values("record_id")
    shown = AccountState.objects.filter(record_id__in=moved)
    assert shown.exists()
    assert all(state.tier == before[state.record_id]["Tierline_Tier__c"] for state in shown)
    assert not Score.objects.filter(run=run, account__in=shown).exists()
    with pytest.raises(holding.NotHeld):
        holding.approve(run, "Anna")


def test_a_newer_run_replaces_one_that_waits(held: tuple[Stage, Run]) -> None:
    stage, run = held
    newer = stage.run()
    run.refresh_from_db()
    assert newer.state == Run.State.HELD
    assert run.state == Run.State.DROPPED
    assert "planned anew" in run.notice
    assert newer.changes.count() == run.changes.count()


def test_it_can_only_be_approved_while_no_other_run_is_at_work(held: tuple[Stage, Run]) -> None:
    stage, run = held
    starting.create(stage.portfolio, "test")
    with pytest.raises(holding.Busy):
        holding.approve(run, "Anna")
    run.refresh_from_db()
    assert run.state == Run.State.HELD
