"""Records of an org: their ids, who changed them when, and what a deletion takes with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.org import ids
from connectors.sandbox.org.org import Org, OrgError, RowOutcome

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def dated(org: Org) -> Org:
    """The org on Monday at nine."""
    org.set_clock(MONDAY)
    return org


def saved(outcomes: list[RowOutcome]) -> list[str]:
    assert all(outcome.success for outcome in outcomes), outcomes
    return [str(outcome.id) for outcome in outcomes]


def account(org: Org, **values: Any) -> str:
    return saved(org.insert("Account", [{"Name": "A", **values}]))[0]


def look(org: Org, object_name: str, record_id: str, *names: str) -> tuple[Any, ...]:
    soql = f"SELECT {', '.join(names)} FROM {object_name} WHERE Id = '{record_id}'"
    (row,) = org.query(soql, include_deleted=True).records
    return tuple(row[name] for name in names)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001A0000006Vm9u", "001A0000006Vm9uIAC"),
        ("00D000000000062", "00D000000000062EAA"),
        ("005000000000000", "005000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
    ],
)
def test_the_long_form_of_an_id_ends_in_its_checksum(short: str, long: str) -> None:
    assert ids.normalize(short) == long
    assert ids.normalize(long) == long
    assert ids.normalize(long.lower()) == long


@given(st.from_regex(r"[0-9A-Za-z]{15}", fullmatch=True))
def test_an_id_whose_case_was_lost_is_restored(short: str) -> None:
    long = short + ids.checksum(short)
    assert ids.normalize(long.upper()) == long


@pytest.mark.parametrize("text", ["", "001", "001A0000006Vm9uIA", "001A0000006Vm9uI!C", "001A0000006Vm9u555", 7, None])
def test_what_is_no_id_has_no_long_form(text: object) -> None:
    assert ids.normalize(text) is None


def test_new_ids_are_different_and_in_order(dated: Org) -> None:
    made = saved(dated.insert("Account", [{"Name": f"Row {number}"} for number in range(300)]))
    assert len(set(made)) == 300
    assert made == sorted(made)
    found = dated.query("SELECT Id FROM Account WHERE Name LIKE 'Row %' ORDER BY Id").records
    assert [row["Id"] for row in found] == made


def test_a_change_says_who_and_when_and_keeps_the_creation(dated: Org) -> None:
    other = saved(dated.insert("User", [user(dated, "other")]))[0]
    record = account(dated)
    names = ("CreatedDate", "CreatedById", "LastModifiedDate", "LastModifiedById", "SystemModstamp")
    nine, ten = "2026-03-02T09:00:00.000+0000", "2026-03-02T10:00:00.000+0000"
    admin = dated.admin_user_id
    assert look(dated, "Account", record, *names) == (nine, admin, nine, admin, nine)
    dated.set_clock(MONDAY + HOUR)
    saved(dated.update("Account", [{"Id": record, "Name": "B"}], user_id=other))
    assert look(dated, "Account", record, *names) == (nine, admin, ten, other, ten)


def user(org: Org, name: str) -> dict[str, Any]:
    profile = org.query("SELECT Id FROM Profile LIMIT 1").records[0]["Id"]
    address = f"{name}@example.com"
    return {"LastName": name, "Username": address, "Email": address, "Alias": name, "ProfileId": profile}


def test_a_refused_change_moves_no_stamp(dated: Org) -> None:
    record = account(dated)
    dated.set_clock(MONDAY + HOUR)
    assert not dated.update("Account", [{"Id": record, "Name": "x" * 256}])[0].success
    assert look(dated, "Account", record, "SystemModstamp", "Name") == ("2026-03-02T09:00:00.000+0000", "A")


def test_lines_move_the_stamp_of_their_parent_but_not_its_modification(dated: Org) -> None:
    deal = opportunity(dated)
    dated.set_clock(MONDAY + HOUR)
    line = saved(dated.insert("OpportunityLineItem", [priced(dated, OpportunityId=deal, Quantity=3, UnitPrice=1.5)]))[0]
    names = ("Amount", "HasOpportunityLineItem", "SystemModstamp", "LastModifiedDate")
    nine, ten, eleven = (f"2026-03-02T{hour}:00:00.000+0000" for hour in ("09", "10", "11"))
    assert look(dated, "Opportunity", deal, *names) == (4.5, True, ten, nine)
    dated.set_clock(MONDAY + 2 * HOUR)
    saved(dated.delete("OpportunityLineItem", [line]))
    assert look(dated, "Opportunity", deal, *names) == (0, False, eleven, nine)


def opportunity(org: Org, **values: Any) -> str:
    row = {"Name": "Deal", "StageName": "Prospecting", "CloseDate": "2026-05-01", **values}
    return saved(org.insert("Opportunity", [row]))[0]


def priced(org: Org, **values: Any) -> dict[str, Any]:
    product = saved(org.insert("Product2", [{"Name": "Pump", "IsActive": True}]))[0]
    book = org.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true").records[0]["Id"]
    price = {"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 1, "IsActive": True}
    return {**values, "PricebookEntryId": saved(org.insert("PricebookEntry", [price]))[0]}


def test_a_deletion_takes_what_belongs_to_the_record_and_empties_look_ups(dated: Org) -> None:
    parent = account(dated)
    child = account(dated, ParentId=parent)
    deal = opportunity(dated, AccountId=parent)
    dated.set_clock(MONDAY + HOUR)
    saved(dated.delete("Account", [parent]))
    assert look(dated, "Account", parent, "IsDeleted", "SystemModstamp") == (True, "2026-03-02T10:00:00.000+0000")
    assert look(dated, "Account", child, "IsDeleted", "ParentId") == (False, None)
    assert look(dated, "Opportunity", deal, "IsDeleted") == (True,)


def test_what_is_deleted_can_be_neither_changed_nor_pointed_at(dated: Org) -> None:
    record = account(dated)
    saved(dated.delete("Account", [record]))
    for outcomes in (
        dated.update("Account", [{"Id": record, "Name": "late"}]),
        dated.delete("Account", [record]),
        dated.insert("Account", [{"Name": "child", "ParentId": record}]),
    ):
        assert [error.status_code for error in outcomes[0].errors] == ["ENTITY_IS_DELETED"]


def test_an_account_with_cases_cannot_be_deleted(dated: Org) -> None:
    record = account(dated)
    case = saved(dated.insert("Case", [{"AccountId": record, "Status": "New"}]))
    assert [error.status_code for error in dated.delete("Account", [record])[0].errors] == ["DELETE_FAILED"]
    saved(dated.delete("Case", case))
    saved(dated.delete("Account", [record]))


def test_a_product_that_was_sold_cannot_be_deleted(dated: Org) -> None:
    deal = opportunity(dated)
    row = priced(dated, OpportunityId=deal, Quantity=1, UnitPrice=1)
    line = saved(dated.insert("OpportunityLineItem", [row]))[0]
    (product,) = look(dated, "OpportunityLineItem", line, "Product2Id")
    (refused,) = dated.delete("Product2", [product])
    assert [error.status_code for error in refused.errors] == ["DELETE_FAILED"]


def test_deleting_all_or_none_keeps_all(dated: Org) -> None:
    kept, gone = account(dated), account(dated)
    saved(dated.delete("Account", [gone]))
    outcomes = dated.delete("Account", [kept, gone], all_or_none=True)
    assert [outcome.errors[0].status_code for outcome in outcomes] == [
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "ENTITY_IS_DELETED",
    ]
    assert look(dated, "Account", kept, "IsDeleted") == (False,)


def test_a_merge_marks_the_loser_with_its_master_and_moves_the_children(dated: Org) -> None:
    master, loser = account(dated), account(dated)
    deal = opportunity(dated, AccountId=loser)
    dated.merge("Account", master, [loser])
    assert look(dated, "Account", loser, "IsDeleted", "MasterRecordId") == (True, master)
    assert look(dated, "Opportunity", deal, "AccountId") == (master,)
    with pytest.raises(OrgError, match="ENTITY_IS_DELETED"):
        dated.merge("Account", master, [loser])


def test_an_org_that_is_opened_again_goes_on(tmp_path: Path) -> None:
    with Org.open(tmp_path) as org:
        first, known = account(org), (org.org_id, org.credentials())
    with Org.open(tmp_path) as org:
        assert (org.org_id, org.credentials()) == known
        assert account(org) > first
        assert org.query("SELECT COUNT() FROM Account").total == 2
