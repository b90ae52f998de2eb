"""Merging over SOAP: the losers go, what hangs on them moves, and a later write to them says that they are gone."""

from __future__ import annotations

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.soap import ENVELOPE, PARTNER, read_call
from connectors.sandbox.salesforce_api.xmltree import XSI, Node


def merge(served: Served, master: str, *losers: str, fields: str = "", kind: str = "Account") -> Node:
    """The result, or the fault."""
    named = "".join(f"<recordToMergeIds>{each}</recordToMergeIds>" for each in losers)
    envelope = (
        f'<e:Envelope xmlns:e="{ENVELOPE}" xmlns:xsi="{XSI}"><e:Header><SessionHeader xmlns="{PARTNER}">'
        f"<sessionId>{served.facts['access_token']}</sessionId></SessionHeader></e:Header><e:Body>"
        f'<merge xmlns="{PARTNER}"><request><masterRecord><type>{kind}</type><Id>{master}</Id>{fields}</masterRecord>'
        f"{named}</request></merge></e:Body></e:Envelope>"
    )
    answer = served.session.post(f"{served.facts['soap_url']}/63.0", data=envelope.encode(), timeout=30)
    reply = read_call(answer.content).arguments
    return reply.child("result") or reply


def accounts(org: Org, *names: str) -> list[str]:
    return [str(outcome.id) for outcome in org.insert("Account", [{"Name": name} for name in names])]


def test_children_move_and_the_loser_points_at_the_master(served: Served, org: Org) -> None:
    master, loser = accounts(org, "master", "loser")
    (child,) = org.insert("Contact", [{"LastName": "x", "AccountId": loser}])
    result = merge(served, master, loser, fields="<Site>kept</Site>")
    assert (result.get("success"), result.get("mergedRecordIds")) == ("true", loser)
    (contact,) = org.query(f"SELECT AccountId, Account.Site FROM Contact WHERE Id = '{child.id}'").records
    assert (contact["AccountId"], contact["Account"]["Site"]) == (master, "kept")
    soql = f"SELECT IsDeleted, MasterRecordId FROM Account WHERE Id = '{loser}'"
    (gone,) = org.query(soql, include_deleted=True).records
    assert (gone["IsDeleted"], gone["MasterRecordId"]) == (True, master)
    answer = served.request("PATCH", f"sobjects/Account/{loser}", json={"Site": "late"})
    assert answer.json()[0]["errorCode"] == "ENTITY_IS_DELETED"


@pytest.mark.parametrize("others", [0, 3])
def test_one_or_two_others_are_merged(served: Served, org: Org, others: int) -> None:
    master, *losers = accounts(org, *"abcd"[: others + 1])
    assert merge(served, master, *losers).get("success") == "false"


def test_a_merge_that_fails_leaves_the_master_as_it_was(served: Served, org: Org) -> None:
    master, loser = accounts(org, "before", "gone")
    org.delete("Account", [loser])
    error = merge(served, master, loser, fields="<Name>after</Name>").child("errors")
    assert error is not None
    assert error.get("statusCode") == "ENTITY_IS_DELETED"
    assert org.query(f"SELECT Name FROM Account WHERE Id = '{master}'").records[0]["Name"] == "before"


def test_other_objects_are_not_merged(served: Served) -> None:
    assert "INVALID_TYPE" in merge(served, "x", "y", kind="Product2").get("faultcode")
