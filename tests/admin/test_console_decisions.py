"""Deciding about a run in the console: approve, leave a part out, drop, take back; and who may."""

from __future__ import annotations

import pytest
from django.test import Client

from sync.models import Change, Run
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client: Client) -> Client:
    client.force_login(cast.user("anna", staff=True))
    return client


@pytest.fixture
def held(people: cast.Cast) -> Run:
    """The run, waiting, with one downgrade among its planned changes."""
    run = people.run
    reason = {
        "code": "DOWNGRADES",
        "message": "600 of 1,000 accounts would move down.",
        "next_step": "Look.",
        "moves": [],
    }
    Run.objects.filter(pk=run.pk).update(
        state=Run.State.HELD,
        step=Run.Step.GUARD,
        held=[reason],
        counts={"tier_moves": {"gold>silver": 600, ">gold": 12, "silver>": 3}, "accounts_with_tier": 1000},
    )
    run.changes.update(state=Change.State.PLANNED)
    run.refresh_from_db()
    return run


def test_a_held_run_shows_why_it_waits_and_what_it_would_move(held: Run, boss: Client) -> None:
    page = boss.get(f"/runs/{held.pk}").content.decode()
    assert "600 of 1,000 accounts would move down." in page
    assert "moves to a lower tier (600 records)" in page
    assert "tiers that would be emptied (3 records)" in page
    assert "waits for approval" in page
    assert "waits for approval: 600 of 1,000" in boss.get("/").content.decode()


def test_it_is_approved_with_a_click(held: Run, boss: Client) -> None:
    reply = boss.post(f"/runs/{held.pk}/decide", {"decision": "approve"}, follow=True)
    held.refresh_from_db()
    assert (held.state, held.decided_by) == (Run.State.ACTIVE, "anna")
    assert "is approved and goes on" in reply.content.decode()


def test_it_is_dropped_with_a_click_and_not_twice(held: Run, boss: Client) -> None:
    boss.post(f"/runs/{held.pk}/decide", {"decision": "drop"})
    held.refresh_from_db()
    assert held.state == Run.State.DROPPED
    assert not held.changes.filter(state=Change.State.PLANNED).exists()
    again = boss.post(f"/runs/{held.pk}/decide", {"decision": "approve"}, follow=True).content.decode()
    assert "only a run that waits can be approved or dropped" in again


def test_only_people_who_may_start_runs_decide(held: Run, seen: Client) -> None:
    assert "Drop the run" not in seen.get(f"/runs/{held.pk}").content.decode()
    assert seen.post(f"/runs/{held.pk}/decide", {"decision": "approve"}).status_code == 403
    assert seen.get(f"/runs/{held.pk}/undo").status_code == 403
    assert seen.post(f"/runs/{held.pk}/undo/start").status_code == 403
    held.refresh_from_db()
    assert held.state == Run.State.HELD


def test_looking_never_decides(held: Run, boss: Client) -> None:
    assert boss.get(f"/runs/{held.pk}/decide").status_code == 405
    assert boss.get(f"/runs/{held.pk}/undo/start").status_code == 405


def test_an_undo_asks_first_and_says_what_it_would_do(people: cast.Cast, boss: Client) -> None:
    address = f"/runs/{people.run.pk}/undo"
    assert address in boss.get(f"/runs/{people.run.pk}").content.decode()
    page = boss.get(address).content.decode()
    assert "back what" in page
    assert "left alone and listed" in page
    assert Run.objects.filter(kind=Run.Kind.UNDO).count() == 0


def test_one_account_can_be_taken_back_alone(people: cast.Cast, boss: Client) -> None:
    row = people.run.changes.filter(state=Change.State.VERIFIED).first()
    assert row is not None
    page = boss.get(f"/runs/{people.run.pk}/undo?account={row.record_id}").content.decode()
    assert f"Undo run {people.run.pk} for {row.record_name}?" in page
    assert "1 record gets back what it held" in page
    nothing = boss.post(f"/runs/{people.run.pk}/undo/start", {"account": row.record_id}, follow=True).content.decode()
    assert "Choose at least one value" in nothing


def test_without_workers_an_undo_is_not_begun(people: cast.Cast, boss: Client) -> None:
    page = boss.post(f"/runs/{people.run.pk}/undo/start", {"field": "tier"}, follow=True).content.decode()
    assert "REDIS_URL is not set" in page or "No worker is running" in page
    assert Run.objects.filter(kind=Run.Kind.UNDO).count() == 0
