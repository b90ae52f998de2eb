"""Who set a property last, from replies as HubSpot's documentation shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from connectors.errors import Unavailable
from connectors.hubspot import Client, Credentials, edits
from connectors.patience import Patience

if TYPE_CHECKING:
    from tests.connectors.hubspot.conftest import CannedAccount

READ, OWNER = r"/objects/companies/batch/read$", r"/owners/{}\?.*idProperty=userId"
REQUEST = "tierline_request"


def client(account: CannedAccount) -> Client:
    return Client(Credentials(api_url=account.url, access_token="pat-first"), patience=Patience(first_pause=0.01))


def entry(day: int, source: str, user: int | None = None) -> dict[str, Any]:
    told = {"value": "confirm", "timestamp": f"2026-11-{day:02}T10:00:00.000Z", "sourceType": source, "sourceId": "x"}
    return told | ({"updatedByUserId": user} if user else {})


def company(record_id: str, *entries: dict[str, Any]) -> dict[str, Any]:
    moments = {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-11-28T00:00:00Z", "archived": False}
    return {"id": record_id, "properties": {}, "propertiesWithHistory": {REQUEST: list(entries)}, **moments}


def owner(account: CannedAccount, user: int, owner_id: str) -> None:
    row = {"id": owner_id, "email": "a@acme.example", "userId": user, "archived": False}
    account.on(
        "GET", OWNER.format(user), row | {"createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"}
    )


def test_the_newest_entry_counts_in_whatever_order_they_come(canned: CannedAccount) -> None:
    rows = [
        company("1", entry(3, "CRM_UI", 11), entry(9, "CRM_UI", 12)),
        company("2", entry(9, "CRM_UI", 12), entry(3, "INTEGRATION", 11)),
        company("3", entry(3, "CRM_UI", 11), entry(9, "INTEGRATION", 12)),
        company("4"),
        company("5", entry(3, "CRM_UI", 99)),
    ]
    canned.on("POST", READ, {"status": "COMPLETE", "results": rows})
    owner(canned, 12, "700")
    found = edits.last(client(canned), "companies", "77", {each: [REQUEST] for each in "12345"})
    assert {record: edit.user for (record, _), edit in found.items()} == {"1": "700", "2": "700", "3": "", "5": ""}
    assert len(canned.seen("GET", "/owners/12")) == 1
    (read,) = canned.seen("POST", READ)
    assert read.json["propertiesWithHistory"] == [REQUEST]


def test_a_record_that_did_not_come_is_not_taken_for_one_that_is_gone(canned: CannedAccount) -> None:
    canned.on("POST", READ, {"status": "COMPLETE", "results": [company("1", entry(3, "CRM_UI", 11))]})
    owner(canned, 11, "700")
    with pytest.raises(Unavailable):
        edits.last(client(canned), "companies", "77", {each: [REQUEST] for each in "12"})
