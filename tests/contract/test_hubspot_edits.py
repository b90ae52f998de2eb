"""Who set a property last: the person who edited it, told apart from programs and from somebody who has left."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from connectors.edits import TellsEdits
from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal import history, writes
from connectors.sandbox.portal.history import Source
from connectors.sandbox.portal.portal import Portal
from tests.contract.hubspot import HubspotGround


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    with Portal.open(tmp_path_factory.mktemp("portal")) as portal, serving_portal(portal) as served:
        yield served


@pytest.fixture(scope="module")
def ground(hub: ServedPortal) -> HubspotGround:
    return HubspotGround(hub)


def edit(portal: Portal, record_id: str, value: str, source: Source) -> None:
    (outcome,) = portal.update(
        portal.kinds()["companies"], [writes.Change(record_id, {"description": value})], source=source
    )
    assert outcome == int(record_id)


def test_it_is_the_person_who_edited_it_last(hub: ServedPortal, ground: HubspotGround) -> None:
    portal, crm = hub.portal, ground.connect()
    assert isinstance(crm, TellsEdits)
    one, two, three, four, five = ground.add_accounts(["One", "Two", "Three", "Four", "Five"])
    seller = portal.owners.add("seller@acme.example", "Sanna", "Seller")
    left = portal.owners.add("left@acme.example", "Lars", "Left")
    edit(portal, one, "as the administrator", history.person(portal.admin.user_id))
    edit(portal, one, "as the seller", history.person(seller.user_id))
    edit(portal, two, "as the seller", history.person(seller.user_id))
    edit(portal, two, "by a program", history.app(77))
    edit(portal, three, "by a program of the seller's", Source("INTEGRATION", "77", seller.user_id))
    edit(portal, four, "as somebody who then left", history.person(left.user_id))
    portal.owners.deactivate(left.id)
    asked = {each: ["description"] for each in (one, two, three, four, five, "999999999")}
    found = {record: (edit.who, edit.user) for (record, _), edit in crm.last_edits("account", asked).items()}
    assert found == {
        one: ("Sanna Seller", str(seller.id)),
        two: ("app 77", ""),
        three: ("app 77", ""),
        four: (f"user {left.user_id}", ""),
        five: ("", ""),  # as it was imported
    }


def test_any_number_of_records_is_asked_about(hub: ServedPortal, ground: HubspotGround) -> None:
    portal, crm = hub.portal, ground.connect()
    assert isinstance(crm, TellsEdits)
    crm.identity()
    ids = ground.add_accounts([f"Company {number}" for number in range(120)])
    for record_id in ids:
        edit(portal, record_id, "asked", history.person(portal.admin.user_id))
    before = crm.api_calls
    found = crm.last_edits("account", {each: ["description"] for each in ids})
    assert {record: edit.user for (record, _), edit in found.items()} == dict.fromkeys(ids, str(portal.admin.id))
    assert crm.api_calls - before == 4, "three portions, and one look at who the user is"
