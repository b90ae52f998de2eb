"""What an org refuses: one row at a time, with the code, and with the fields that are to blame."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.org.org import Org, SchemaError, WriteOptions
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, PicklistEntry, entries

KINDS = (*entries("good", "fine"), PicklistEntry("old", "Old", active=False))


def custom(name: str, kind: str, **more: Any) -> FieldDef:
    return FieldDef(f"{name}__c", name, kind, custom=True, **more)


FIELDS = (
    custom("Kind", "picklist", length=255, restricted=True, values=KINDS),
    custom("Open", "picklist", length=255, values=KINDS),
    custom("Many", "multipicklist", length=255, restricted=True, values=KINDS),
    custom("Money", "currency", precision=8, scale=4),
    custom("Mail", "email", length=80),
    custom("Day", "date"),
    custom("Moment", "datetime"),
    custom("Flag", "boolean"),
    custom("Key", "string", length=10, external_id=True, unique=True),
)


@pytest.fixture(scope="module", autouse=True)
def custom_fields(org: Org) -> None:
    for field in FIELDS:
        assert org.save_field("Account", field)


def refusal(org: Org, values: dict[str, Any], **options: Any) -> tuple[str, tuple[str, ...]] | None:
    """Code and fields of the error with which a new account is refused, or None."""
    (outcome,) = org.insert("Account", [{"Name": "x", **values}], **options)
    return (outcome.errors[0].status_code, outcome.errors[0].fields) if outcome.errors else None


def stored(org: Org, **values: Any) -> dict[str, Any]:
    (outcome,) = org.insert("Account", [{"Name": "x", **values}])
    assert outcome.success, outcome.errors
    names = ", ".join(values)
    (row,) = org.query(f"SELECT {names} FROM Account WHERE Id = '{outcome.id}'").records
    return {name: row[name] for name in values}


def user(org: Org, name: str) -> str:
    profile = org.query("SELECT Id FROM Profile LIMIT 1").records[0]["Id"]
    address = f"{name}@example.com"
    row = {"LastName": name, "Username": address, "Email": address, "Alias": name, "ProfileId": profile}
    (made,) = org.insert("User", [{**row, "IsActive": True}])
    assert made.success, made.errors
    return str(made.id)


@pytest.mark.parametrize(
    ("values", "code", "fields"),
    [
        ({"Name": ""}, "REQUIRED_FIELD_MISSING", ("Name",)),
        ({"Kind__c": "bad"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Kind__c",)),
        ({"Kind__c": "old"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Kind__c",)),
        ({"Many__c": "good;bad"}, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Many__c",)),
        ({"Name": "x" * 256}, "STRING_TOO_LONG", ("Name",)),
        ({"Key__c": "12345678901"}, "STRING_TOO_LONG", ("Key__c",)),
        ({"Mail__c": "nobody"}, "INVALID_EMAIL_ADDRESS", ("Mail__c",)),
        ({"Money__c": 10_000}, "NUMBER_OUTSIDE_VALID_RANGE", ("Money__c",)),
        ({"Money__c": "much"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("Money__c",)),
        ({"Money__c": True}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("Money__c",)),
        ({"Day__c": "2026-02-30"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("Day__c",)),
        ({"Moment__c": "yesterday"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("Moment__c",)),
        ({"Flag__c": "maybe"}, "INVALID_TYPE_ON_FIELD_IN_RECORD", ("Flag__c",)),
        ({"ParentId": "nowhere"}, "MALFORMED_ID", ("ParentId",)),
        ({"ParentId": "005000000000001AAA"}, "FIELD_INTEGRITY_EXCEPTION", ("ParentId",)),
        ({"ParentId": "001000000000001AAA"}, "INVALID_CROSS_REFERENCE_KEY", ("ParentId",)),
        ({"Nothing__c": 1}, "INVALID_FIELD", ()),
        ({"IsDeleted": True}, "INVALID_FIELD_FOR_INSERT_UPDATE", ("IsDeleted",)),
    ],
)
def test_a_bad_value_is_refused(org: Org, values: dict[str, Any], code: str, fields: tuple[str, ...]) -> None:
    assert refusal(org, values) == (code, fields)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"Kind__c": "fine"}, {"Kind__c": "fine"}),
        ({"Kind__c": ""}, {"Kind__c": None}),
        ({"Open__c": "anything"}, {"Open__c": "anything"}),
        ({"Many__c": "good;fine"}, {"Many__c": "good;fine"}),
        ({"Money__c": 1234.5678}, {"Money__c": 1234.5678}),
        ({"Money__c": "0.00005"}, {"Money__c": 0.0001}),
        ({"Money__c": -9999.9999}, {"Money__c": -9999.9999}),
        ({"Day__c": "2024-02-29"}, {"Day__c": "2024-02-29"}),
        ({"Moment__c": "2026-01-01T01:30:00+02:00"}, {"Moment__c": "2025-12-31T23:30:00.000+0000"}),
        ({"Flag__c": None}, {"Flag__c": False}),
        ({"Flag__c": "true"}, {"Flag__c": True}),
    ],
)
def test_a_good_value_is_kept(org: Org, sent: dict[str, Any], kept: dict[str, Any]) -> None:
    assert stored(org, **sent) == kept


def test_names_of_fields_are_the_same_in_any_case(org: Org) -> None:
    assert refusal(org, {"kIND__c": "bad"}) == ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Kind__c",))


def test_a_unique_value_is_taken_once_also_within_a_call(org: Org) -> None:
    rows = [{"Name": "x", "Key__c": key} for key in ("one", "ONE", "two")]
    codes = [[error.status_code for error in outcome.errors] for outcome in org.insert("Account", rows)]
    assert codes == [[], ["DUPLICATE_VALUE"], []]
    assert refusal(org, {"Key__c": "Two"}) == ("DUPLICATE_VALUE", ())


def test_an_upsert_tells_created_from_changed_and_refuses_a_key_given_twice(org: Org) -> None:
    first = org.upsert("Account", "Key__c", [{"Key__c": "u1", "Name": "a"}])
    rows = [{"Key__c": "u1", "Name": "b"}, {"Key__c": "u2", "Name": "c"}, {"Key__c": "u2", "Name": "d"}, {"Name": "e"}]
    outcomes = org.upsert("Account", "Key__c", rows)
    assert [outcome.created for outcome in (*first, *outcomes)] == [True, False, True, False, False]
    assert outcomes[0].id == first[0].id
    assert [outcome.errors[0].status_code for outcome in outcomes[2:]] == ["DUPLICATE_VALUE", "MISSING_ARGUMENT"]


def test_a_parent_may_be_named_by_its_external_id(org: Org) -> None:
    (parent,) = org.insert("Account", [{"Name": "parent", "Key__c": "par"}])
    child, orphan = org.insert("Account", [{"Name": "c", "Parent": {"Key__c": key}} for key in ("PAR", "none")])
    assert orphan.errors[0].status_code == "INVALID_FIELD"
    (row,) = org.query(f"SELECT ParentId FROM Account WHERE Id = '{child.id}'").records
    assert row["ParentId"] == parent.id


def test_bad_rows_do_not_stop_good_ones_unless_asked_to(org: Org) -> None:
    rows: list[dict[str, Any]] = [{"Name": "Alone"}, {"Name": None}]
    assert [outcome.success for outcome in org.insert("Account", rows)] == [True, False]
    outcomes = org.insert("Account", rows, all_or_none=True)
    codes = [outcome.errors[0].status_code for outcome in outcomes]
    assert codes == ["ALL_OR_NONE_OPERATION_ROLLED_BACK", "REQUIRED_FIELD_MISSING"]
    assert org.query("SELECT COUNT() FROM Account WHERE Name = 'Alone'").total == 1


def test_a_field_required_later_binds_old_records_at_their_next_change(org: Org) -> None:
    (old,) = org.insert("Account", [{"Name": "old"}])
    org.save_field("Account", custom("Must", "string", length=20, required=True))
    try:
        (refused,) = org.update("Account", [{"Id": old.id, "Name": "new"}])
        assert (refused.errors[0].status_code, refused.errors[0].fields) == ("REQUIRED_FIELD_MISSING", ("Must__c",))
        assert org.update("Account", [{"Id": old.id, "Must__c": "now"}])[0].success
    finally:
        org.delete_field("Account", "Must__c")
    assert refusal(org, {"Must__c": "gone"}) == ("INVALID_FIELD", ())


def test_an_inactive_user_cannot_become_an_owner_but_stays_one(org: Org) -> None:
    left = user(org, "left")
    (owned,) = org.insert("Account", [{"Name": "owned", "OwnerId": left}])
    assert org.update("User", [{"Id": left, "IsActive": False}])[0].success
    assert refusal(org, {"OwnerId": left}) == ("INACTIVE_OWNER_OR_USER", ())
    assert org.update("Account", [{"Id": owned.id, "Name": "still owned"}])[0].success


def test_fields_of_a_global_value_set_follow_it(org: Org) -> None:
    org.save_value_set(GlobalValueSet("Tones", "Tones", False, entries("low", "high")))
    org.save_field("Account", custom("Tone", "picklist", length=255, restricted=True, value_set="Tones"))
    assert refusal(org, {"Tone__c": "mid"}) is not None
    org.save_value_set(GlobalValueSet("Tones", "Tones", False, entries("low", "mid")))
    assert refusal(org, {"Tone__c": "mid"}) is None
    with pytest.raises(SchemaError):
        org.save_field("Account", custom("Lost", "picklist", length=255, value_set="Nowhere"))


# --- what an org may switch on ----------------------------------------------------------------------


def test_pairs_of_dependent_picklists_bind_only_if_switched_on(org: Org) -> None:
    org.save_field("Account", custom("Upper", "picklist", length=255, values=entries("sea", "land")))
    lower = (PicklistEntry("ship", "ship", valid_for=("sea",)), PicklistEntry("truck", "truck", valid_for=("land",)))
    org.save_field("Account", custom("Lower", "picklist", length=255, values=lower, controller="Upper__c"))
    pair = {"Upper__c": "sea", "Lower__c": "truck"}
    assert refusal(org, pair) is None
    org.set_setting("enforce_dependent_picklists", True)
    try:
        assert refusal(org, pair) == ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Lower__c",))
        assert refusal(org, {**pair, "Upper__c": "land"}) is None
    finally:
        org.set_setting("enforce_dependent_picklists", None)


def test_a_record_type_may_forbid_a_value_of_the_list(org: Org) -> None:
    kind = {"Name": "Partner", "DeveloperName": "Partner", "SobjectType": "Account", "IsActive": True}
    (made,) = org.insert("RecordType", [kind])
    assert made.success, made.errors
    org.set_setting("record_type_values", {made.id: {"Kind__c": ["good"]}})
    try:
        bad = ("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", ("Kind__c",))
        assert refusal(org, {"RecordTypeId": made.id, "Kind__c": "fine"}) == bad
        assert refusal(org, {"RecordTypeId": made.id, "Kind__c": "good"}) is None
        assert refusal(org, {"Kind__c": "fine"}) is None
    finally:
        org.set_setting("record_type_values", None)


def test_assignment_and_duplicate_rules_heed_the_options_of_the_write(org: Org) -> None:
    other = user(org, "next")
    org.set_setting("assignment_rules", {"Account": {"field": "BillingCountry", "owners": {"FI": other}}})
    org.set_setting("duplicate_rules", {"Account": {"fields": ["Name"], "action": "alert"}})
    try:
        row = {"Name": "Ruled", "BillingCountry": "FI"}
        assert refusal(org, row, options=WriteOptions(auto_assign=True)) is None
        assert refusal(org, row) == ("DUPLICATES_DETECTED", ())
        assert refusal(org, row, options=WriteOptions(allow_duplicates=True)) is None
        owners = org.query("SELECT OwnerId FROM Account WHERE Name = 'Ruled' ORDER BY Id").records
        assert [found["OwnerId"] for found in owners] == [other, org.admin_user_id]
    finally:
        org.set_setting("assignment_rules", None)
        org.set_setting("duplicate_rules", None)
