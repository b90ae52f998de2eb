"""Overrides, the review round and calibrations in the console: who may do what, and what it does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from sync.models import AuditEvent, Calibration, Override, TierMove
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db
UNTIL = f"{timezone.localdate() + timedelta(days=90)}"
ASK = {"tier": "gold", "kind": "floor", "reason": "strategic", "comment": "Opens the Baltic market", "until": UNTIL}


@pytest.fixture
def boss(people: cast.Cast) -> Client:
    browser = Client()
    browser.force_login(cast.user("anna", staff=True))
    return browser


def text(browser: Client, address: str) -> str:
    return browser.get(address).content.decode()


def post(browser: Client, address: str, **form: object) -> str:
    return browser.post(address, form, follow=True).content.decode()


def test_a_seller_asks_on_the_account_and_somebody_else_approves(people: cast.Cast, boss: Client, seen: Client) -> None:
    page = text(seen, f"/accounts/{people.gold.pk}")
    assert "Ask for it" not in page, "one request at a time"
    Override.objects.update(account=people.outside)
    page = text(seen, f"/accounts/{people.gold.pk}")
    assert "Ask for it" in page
    assert "14 expedited orders in 12 months" in page
    page = post(seen, f"/accounts/{people.without_orders.pk}/override", **ASK)
    assert "You asked for this, so somebody else decides" in page
    asked = Override.objects.get(requested_by="mika")
    assert seen.post(f"/overrides/{asked.pk}/decide", {"decision": "approve"}).status_code == 403
    assert "mika asks for" in text(boss, f"/accounts/{people.without_orders.pk}")
    page = post(boss, f"/overrides/{asked.pk}/decide", decision="approve", reason="strategic", until=UNTIL)
    assert "The next run publishes it" in page
    assert "Nordgas AS" in text(seen, "/overrides?show=in_force")
    assert "approved by anna" in text(seen, f"/accounts/{people.without_orders.pk}")
    assert seen.post(f"/overrides/{asked.pk}/decide", {"decision": "end"}).status_code == 403
    post(boss, f"/overrides/{asked.pk}/decide", decision="end")
    assert "Judge" in text(seen, "/overrides?show=ended")
    post(boss, f"/overrides/{asked.pk}/decide", decision="right")
    asked.refresh_from_db()
    assert (asked.state, asked.was_right) == (Override.State.EXPIRED, True)
    actions = ["override requested", "override approved", "override ended", "override judged"]
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == actions


@pytest.mark.parametrize(
    ("wrong", "words"),
    [({"until": ""}, "Say until when"), ({"until": "2027-02-31"}, "Say until when"), ({"tier": "x"}, "is no tier")],
)
def test_a_request_that_says_too_little_is_told_so(
    people: cast.Cast, seen: Client, wrong: dict[str, str], words: str
) -> None:
    page = post(seen, f"/accounts/{people.without_orders.pk}/override", **(ASK | wrong))
    assert words in page
    assert f">{ASK['comment']}</textarea>" in page, "what was typed stays"
    assert f'<option value="{ASK["reason"]}" selected>' in page
    assert Override.objects.count() == 1


def test_an_edit_noticed_in_the_crm_is_rejected_with_a_reason(people: cast.Cast, boss: Client) -> None:
    asked = Override.objects.get()
    assert "edited in the CRM, no reason yet" in text(boss, "/overrides")
    assert "Say why" in post(boss, f"/overrides/{asked.pk}/decide", decision="reject", comment=" ")
    post(boss, f"/overrides/{asked.pk}/decide", decision="reject", comment="No contract behind it")
    assert "No contract behind it" in text(boss, "/overrides?show=ended")
    assert b"No contract behind it" in boss.get("/overrides.csv").getvalue()


def test_a_remark_is_answered_with_words_and_moves_no_tier(people: cast.Cast, boss: Client) -> None:
    Override.objects.update(field="request", value="Tier is wrong: they bought a rival", requested_by="Seller")
    address = f"/overrides/{Override.objects.get().pk}"
    page = text(boss, address)
    assert "names no other" in page
    assert 'name="until"' not in page
    assert "Say what will be done" in post(boss, f"{address}/decide", decision="approve")
    assert "Answered" in post(boss, f"{address}/decide", decision="approve", comment="We look at the figures in March")
    assert "Nothing is left to do" in text(boss, address)
    assert Override.objects.get().decision == "We look at the figures in March"


def test_the_review_round_is_decided_in_parts(people: cast.Cast, boss: Client, seen: Client) -> None:
    assert "asks for no review" in text(seen, "/review")
    _, second = cast.moves(people)
    page = text(boss, "/review")
    assert page.index("Kone Power Oy") < page.index("Nordgas AS"), "the most valuable first"
    assert 'type="checkbox"' not in text(seen, "/review")
    assert seen.post("/review/decide", {"decision": "accepted", "every": "1"}).status_code == 403
    assert "Tick at least one" in post(boss, "/review/decide", decision="accepted")
    assert "is no decision" in post(boss, "/review/decide", decision="proposed", every="1")
    assert "Say why" in post(boss, "/review/decide", decision="rejected", move=second.pk)
    post(boss, "/review/decide", decision="rejected", move=second.pk, comment="One late order")
    assert "1 move is accepted" in post(boss, "/review/decide", decision="accepted", every="1")
    assert list(TierMove.objects.order_by("pk").values_list("state", flat=True)) == ["accepted", "rejected"]
    assert b"One late order" in boss.get("/review.csv").getvalue()


def test_a_proposal_is_compared_published_and_one_can_go_back(people: cast.Cast, boss: Client, seen: Client) -> None:
    assert "Nothing is proposed" in text(seen, "/calibrations")
    proposal = cast.proposal(people)
    assert "New boundaries of the tiers are proposed" in text(seen, "/")
    page = text(seen, f"/calibrations/{proposal.pk}")
    assert "2 of 938 customers would move" in page
    assert "3 open deals of 34,000 EUR" in page
    assert "Business unit Marine" in page
    assert "2 of 20 would move (10.0 %), 1 gets a tier in it." in page
    assert "Gold to Silver: 2" in page
    assert 'value="publish"' not in page
    address = f"/calibrations/{proposal.pk}/decide"
    assert seen.post(address, {"decision": "publish"}).status_code == 403
    assert "in force from the next run on" in post(boss, address, decision="publish")
    assert "in force earlier" in text(boss, "/calibrations")
    assert "no proposal any more" in post(boss, address, decision="reject")
    post(boss, f"/calibrations/{people.calibration.pk}/decide", decision="publish")
    assert Calibration.objects.order_by("-published_at").first() == people.calibration
    rows = boss.get(f"/calibrations/{proposal.pk}/accounts.csv").getvalue().decode()
    assert "Mika Laine,3,34000" in rows


@pytest.mark.parametrize("address", ["/overrides/1/decide", "/review/decide", "/calibrations/1/decide"])
def test_looking_never_decides(boss: Client, address: str) -> None:
    assert boss.get(address).status_code == 405
