"""What a seller asks for in HubSpot, whose card has no buttons: fields edited in place, answered by the next run.

All of it in one story, because runs are dear: each company is asked about something else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.test import Client

from admin import portfolios, schema
from connectors.sandbox.portal import history
from connectors.sandbox.portal.owners import Owner
from sync.governance import overriding
from sync.models import AccountState, Confirmation, Override, Run
from tests.admin.card.project import needs_hubspot, told_in_hubspot
from tests.sync.hubspot_stage import TODAY, HubspotStage

ASKED = ("request", "request_value", "request_reason", "request_comment", "request_by")


@dataclass
class Card:
    """A company with a tier, as sellers use the card on its page."""

    hub: HubspotStage
    account: AccountState

    def seller(self, name: str) -> Owner:
        return next(each for each in self.hub.portal.owners.all() if each.name == name)

    def type(self, by: str, **values: str) -> None:
        """Fields edited in place, one after the other, each saved as it is left."""
        for role, value in values.items():
            who = history.person(self.seller(by).user_id)
            self.hub.edit_as(who, self.account.record_id, **{f"tierline_{role}": value})

    def held(self, *roles: str) -> list[Any]:
        row = self.hub.records("companies", ours=True)[self.account.record_id]
        return [row[f"tierline_{role}"] for role in roles]

    def answer(self) -> tuple[str, str, str]:
        """State, who and why; the request itself has gone."""
        assert self.held(*ASKED) == [None] * 5
        state, who, why = self.held("answer", "answer_by", "answer_reason")
        return state or "", who or "", why or ""

    @property
    def override(self) -> Override:
        return Override.objects.filter(account=self.account).latest("pk")


@pytest.fixture
def asking(hub: HubspotStage, tmp_path: Path) -> HubspotStage:
    """The company after its first run, with request properties, and a manager who decides."""
    path = tmp_path / "asking.yaml"
    path.write_text(hub.model_text() + "\nrequests: {enabled: true}\n")
    portfolios.publish(hub.portfolio, path)
    schema.apply(hub.connection, schema.plan(hub.connection))
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    get_user_model().objects.create_user("maria", first_name="Maria", last_name="Lind", is_staff=True)
    return hub


def handed_over(hub: HubspotStage, company: str) -> dict[str, str | None]:
    """The company's properties of ours as HubSpot's API writes them."""
    names = list(hub.records("companies", ours=True)[company])
    answer = hub.crm.request(
        "GET",
        f"/crm/v3/objects/companies/{company}",
        params={"properties": ",".join(names)},
        headers={"Authorization": f"Bearer {hub.crm.facts['access_token']}"},
    )
    answer.raise_for_status()
    return {name: value for name, value in answer.json()["properties"].items() if name in names}


@needs_hubspot
def test_requests_reach_who_decides_and_are_answered_on_the_company_and_its_card(
    asking: HubspotStage, tmp_path: Path
) -> None:
    model = asking.layout.model
    found = AccountState.objects.exclude(tier="").exclude(segment="").order_by("pk")
    disputed, raised, confirmed, named, programmed = (Card(asking, account) for account in found[:5])
    (tier,), (segment,), (was,) = disputed.held("tier"), confirmed.held("segment"), raised.held("tier")
    sara = disputed.seller("Sara Holm").email
    wanted = next(key for key in model.tiers.keys if key != was)

    disputed.type("Aino Berg", request_comment="They pay on time", request="dispute")
    raised.type("Aino Berg", request_comment="Signed", request_value=model.tiers.label(wanted), request="override")
    confirmed.type("Sara Holm", request="confirm_segment")
    named.type("Aino Berg", request_by=sara, request="confirm")
    program = history.app(4711)
    asking.edit_as(program, programmed.account.record_id, tierline_request="confirm", tierline_request_by=sara)
    asking.incremental()

    assert disputed.answer() == ("waiting", "Maria Lind", "")
    assert disputed.held("answer_to", "tier") == ["Tier is wrong. They pay on time (Aino Berg)", tier]
    assert raised.answer()[0] == "waiting"
    assert (raised.override.value, raised.override.requested_by) == (wanted, "Aino Berg")
    assert confirmed.answer()[0] == "accepted"
    assert confirmed.held("segment", "segment_source") == [segment, "confirmed by Sara Holm"]
    assert Confirmation.objects.get().by == "Sara Holm"
    assert named.held("answer_to") == ["Tier is right (Aino Berg)"], "who edited it, not who it says"
    unknown = "It is not known who asks. Ask on the card, as an active user of the CRM."
    assert programmed.answer()[::2] == ("refused", unknown)

    console = Client()
    console.force_login(User.objects.get(username="maria"))
    address = f"/overrides/{disputed.override.pk}"
    assert "They pay on time" in console.get(address).content.decode()
    console.post(f"{address}/decide", {"decision": "reject", "comment": "Three reminders in October."})
    overriding.approve(raised.override, "maria", today=TODAY, reason="contract")
    asking.incremental()

    assert disputed.answer() == ("refused", "Maria Lind", "Three reminders in October.")
    assert raised.answer()[:2] == ("accepted", "Maria Lind")
    assert raised.held("tier") == [wanted]

    card = told_in_hubspot(tmp_path / "card", model, handed_over(asking, disputed.account.record_id))
    day = date.fromisoformat(str(disputed.held("answer_date")[0])[:10])
    assert (
        f"Refused by Maria Lind on {day:%b} {day.day}, {day.year} Tier is wrong. They pay on time (Aino Berg)" in card
    )
    assert "Three reminders in October." in card
    (segment,) = disputed.held("segment")
    assert model.tiers.label(tier) in card
    assert f"Segment {next(each.label for each in model.segments if each.key == segment)} by a rule" in card
