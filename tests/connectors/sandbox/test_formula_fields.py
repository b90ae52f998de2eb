"""Formula fields: values worked out when they are read, so that they change although no record does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org, SchemaError
from connectors.sandbox.org.rules import ValidationRule
from connectors.sandbox.org.schema import FieldDef
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]


def formula(name: str, kind: str, text: str, **more: Any) -> FieldDef:
    return FieldDef(
        f"{name}__c", name, kind, custom=True, calculated=True, createable=False, updateable=False, formula=text, **more
    )


@pytest.fixture(scope="module", autouse=True)
def fields(org: Org) -> None:
    org.save_field(
        "Account", formula("Per_head", "currency", "AnnualRevenue / NumberOfEmployees", scale=2, precision=18)
    )
    org.save_field("Account", formula("Is_big", "boolean", "Per_head__c > 1000"))
    org.save_field("Contact", formula("Kind", "string", "TEXT(Account.Industry) & '/' & LastName", length=1300))
    org.save_field("Account", formula("Age", "double", "TODAY() - DATEVALUE(CreatedDate)", precision=18))


def account(org: Org, **values: Any) -> str:
    (made,) = org.insert("Account", [{"Name": "x", **values}])
    assert made.success, made.errors
    return str(made.id)


def one(org: Org, names: str, where: str) -> dict[str, Any]:
    (row,) = org.query(f"SELECT {names} {where}").records
    return row


def test_it_follows_the_fields_it_looks_at(org: Org) -> None:
    made = account(org, AnnualRevenue=10_000, NumberOfEmployees=3)
    row = one(org, "Per_head__c, Is_big__c", f"FROM Account WHERE Id = '{made}'")
    assert (row["Per_head__c"], row["Is_big__c"]) == (3333.33, True)
    org.update("Account", [{"Id": made, "NumberOfEmployees": 20}])
    row = one(org, "Per_head__c, Is_big__c", f"FROM Account WHERE Id = '{made}'")
    assert (row["Per_head__c"], row["Is_big__c"]) == (500.0, False)


def test_it_changes_without_a_change_of_its_record(org: Org) -> None:
    parent = account(org, Industry="Energy")
    (child,) = org.insert("Contact", [{"LastName": "Ek", "AccountId": parent}])
    asked = f"FROM Contact WHERE Id = '{child.id}'"
    before = one(org, "Kind__c, SystemModstamp, LastModifiedDate", asked)
    assert before["Kind__c"] == "Energy/Ek"
    org.update("Account", [{"Id": parent, "Industry": "Banking"}])
    after = one(org, "Kind__c, SystemModstamp, LastModifiedDate", asked)
    assert after["Kind__c"] == "Banking/Ek"
    assert [after[name] for name in ("SystemModstamp", "LastModifiedDate")] == [
        before[name] for name in ("SystemModstamp", "LastModifiedDate")
    ]


def test_it_is_filtered_sorted_and_grouped_by(org: Org) -> None:
    parent = account(org, Industry="Retail")
    org.insert("Contact", [{"LastName": name, "AccountId": parent} for name in ("b", "a", "c")])
    found = org.query("SELECT LastName FROM Contact WHERE Kind__c LIKE 'retail/%' ORDER BY Kind__c DESC").records
    assert [row["LastName"] for row in found] == ["c", "b", "a"]
    assert org.query("SELECT COUNT() FROM Contact WHERE Kind__c = 'Retail/a'").total == 1
    assert one(org, "Account.Is_big__c", "FROM Contact WHERE Kind__c = 'Retail/b'")["Account"]["Is_big__c"] is False


def test_nobody_writes_it_and_describe_says_so(org: Org, served: Served) -> None:
    (outcome,) = org.insert("Account", [{"Name": "x", "Is_big__c": True}])
    assert outcome.errors[0].status_code == "INVALID_FIELD_FOR_INSERT_UPDATE"
    shown = served.request("GET", "sobjects/Account/describe").json()["fields"]
    (field,) = [each for each in shown if each["name"] == "Is_big__c"]
    assert (field["calculated"], field["updateable"], field["calculatedFormula"]) == (True, False, "Per_head__c > 1000")


def test_a_rule_may_look_at_it(org: Org) -> None:
    org.rules.save(ValidationRule("Account", "Not_big", True, "Is_big__c", "Too big."))
    try:
        (outcome,) = org.insert("Account", [{"Name": "x", "AnnualRevenue": 9_999, "NumberOfEmployees": 1}])
        assert outcome.errors[0].message == "Too big."
    finally:
        org.delete_component("ValidationRule", "Account.Not_big")


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("string", "LEN(Name)"), ("double", "Nope__c"), ("boolean", "ISNEW()"), ("string", "$User.LastName"),
        ("double", "Loop__c + 1"),
    ],
)  # fmt: skip
def test_what_cannot_be_saved(org: Org, kind: str, text: str) -> None:
    with pytest.raises(SchemaError):
        org.save_field("Account", formula("Loop", kind, text))


def test_a_field_it_looks_at_cannot_be_deleted(org: Org) -> None:
    with pytest.raises(SchemaError, match="DEPENDENCY_EXISTS"):
        org.delete_field("Account", "Per_head__c")


def test_through_the_metadata_api(metadata: Call, org: Org, served: Served) -> None:
    def save(text: str) -> Node:
        body = (
            f"<fullName>Account.Doubled__c</fullName><formula>{text}</formula><label>Doubled</label>"
            "<precision>18</precision><scale>1</scale><type>Number</type>"
        )
        (result,) = metadata("upsertMetadata", f'<metadata xsi:type="CustomField">{body}</metadata>').all("result")
        return result

    error = save("Name").child("errors")
    assert error is not None
    assert "incompatible with expected data type (Number)" in error.get("message")
    assert save("2 * NumberOfEmployees").get("success") == "true"
    asked = "<type>CustomField</type><fullNames>Account.Doubled__c</fullNames>"
    (record,) = metadata("readMetadata", asked).children[0].children
    assert (record.get("formula"), record.get("formulaTreatBlanksAs")) == ("2 * NumberOfEmployees", "BlankAsZero")
    made = account(org)
    assert one(org, "Doubled__c", f"FROM Account WHERE Id = '{made}'")["Doubled__c"] == 0.0
    shown = served.request("GET", f"sobjects/Account/{made}").json()
    assert "Doubled__c" not in shown, "hidden until granted"
