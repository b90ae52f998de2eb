"""Formulas: what they make of a record, and which of them cannot be saved."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from connectors.sandbox.org.derived import Context
from connectors.sandbox.org.formula_terms import FormulaError, Scope
from connectors.sandbox.org.formulas import compile_condition, compile_formula
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, entries

NOW = datetime(2026, 3, 15, 12, tzinfo=UTC)


@pytest.fixture(scope="module", autouse=True)
def fields(org: Org) -> None:
    org.save_field("Account", FieldDef("Tags__c", "Tags", "multipicklist", length=255, values=entries("a", "b")))
    org.save_field("Account", FieldDef("Since__c", "Since", "date"))


def scope(org: Org, row: dict[str, Any], old: dict[str, Any] | None = None) -> Scope:
    org.set_clock(NOW)
    try:
        context = Context(org.store, org.definitions, org.clock.stamp())
    finally:
        org.set_clock(None)
    return Scope(row, old or {}, context, org.admin_user_id, lambda user_id: frozenset({"bypass"}))


def value(org: Org, text: str, row: dict[str, Any] | None = None, old: dict[str, Any] | None = None) -> Any:
    known = frozenset({"bypass", "other"})
    formula = compile_formula(text, org.object("Account"), org.definitions.find, known)
    return formula.value(scope(org, row or {}, old))


RECORD = {
    "Name": "Kone", "Industry": "Energy", "AnnualRevenue": 1500, "NumberOfEmployees": 7, "Tags__c": "a;b",
    "Since__c": "2026-03-10",
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", 7), ("(1 + 2) * 3", 9), ("10 - 2 - 3", 5), ("-2 ^ 2", 4), ("7 / 2", Decimal("3.5")),
        ("AnnualRevenue", 1500), ("NumberOfEmployees / 0", None), ("AnnualRevenue + Fax__missing", FormulaError),
        ("'a' & \"b\" + 'c'", "abc"), ("'it\\'s'", "it's"), ("TEXT(AnnualRevenue)", "1500"),
        ("TEXT(Industry)", "Energy"), ("CASE(Industry, 'Energy', 'E', 'Other', 'O', '?')", "E"),
        ("CASE(NumberOfEmployees, 1, 'one', 'many')", "many"), ("IF(NumberOfEmployees > 5, 'big', 'small')", "big"),
        ("ISPICKVAL(Industry, 'Energy') && !ISPICKVAL(Rating, '')", False), ("INCLUDES(Tags__c, 'b')", True),
        ("ISBLANK(Site) && NOT ( ISNULL(Site) )", True), ("ISNULL(ParentId) || ISNULL(NumberOfEmployees)", False),
        ("ISBLANK(Rating)", True), ("Name = 'kone'", False), ("Name <> 'kone' /* case counts */", True),
        ("LEN(Name) == 4", True), ("CONTAINS(Name, 'on')", True), ("CONTAINS(Site, 'x')", True),
        ("BEGINS(Name, 'Ko')", True), ("REGEX(Name, '[A-Z][a-z]+')", True), ("TODAY() - Since__c", 5),
        ("Since__c + 30", date(2026, 4, 9)), ("YEAR(TODAY())", 2026), ("DATEVALUE(NOW()) = TODAY()", True),
        ("BLANKVALUE(Site, 'none')", "none"), ("ROUND(2.345, 2)", Decimal("2.35")), ("MAX(1, 5, 3)", 5),
        ("UPPER(LEFT(Name, 2)) & RIGHT(Name, 1) & MID(Name, 2, 2)", "KOeon"), ("true AND false", FormulaError),
        ("$Permission.Bypass", True), ("$Permission.Other", False), ("$User.LastName", "Admin"),
        ("$Profile.Name", "System Administrator"), ("Owner.Name = NULL", True), ("Parent.Name", ""),
        ("NumberOfEmployees > Parent.NumberOfEmployees", None), ("NOT(1 > Parent.NumberOfEmployees)", None),
    ],
)  # fmt: skip
def test_values(org: Org, text: str, expected: Any) -> None:
    if expected is FormulaError:
        with pytest.raises(FormulaError):
            value(org, text, RECORD)
    else:
        assert value(org, text, RECORD) == expected


def test_fields_of_the_parent_and_of_the_record_type(org: Org) -> None:
    (parent,) = org.insert("Account", [{"Name": "Parent", "Industry": "Energy"}])
    kind = org.bulk_load("RecordType", [{"Name": "P", "DeveloperName": "Partner", "SobjectType": "Account"}])
    row = {"ParentId": parent.id, "RecordTypeId": kind[0]}
    assert value(org, "ISPICKVAL(Parent.Industry, 'Energy') && RecordType.DeveloperName = 'Partner'", row) is True


def test_new_changed_and_prior_values(org: Org) -> None:
    before, after = {"Id": "1", "Rating": "Hot", "Name": "x"}, {"Id": "1", "Rating": "Cold", "Name": "x"}
    assert value(org, "ISNEW()", after) is True
    assert value(org, "ISCHANGED(Rating)", after) is False
    assert value(org, "PRIORVALUE(Name)", after) == "x"
    assert value(org, "ISNEW()", after, before) is False
    assert value(org, "ISCHANGED(Rating) && ISPICKVAL(PRIORVALUE(Rating), 'Hot')", after, before) is True
    assert value(org, "ISCHANGED(Name)", after, before) is False


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"), ("Nope__c = 1", "Field Nope__c does not exist. Check spelling."),
        ("Parent.Nope__c = 1", "Field Parent.Nope__c does not exist"), ("$Permission.Nope", "$Permission.Nope"),
        ("$Api.Session", "$Api.Session"), ("FOO(1)", "Unknown function FOO. Check spelling."),
        ("LEN(Name)", "incompatible with expected data type"), ("AND(Name)", "Expected Boolean, received Text"),
        ("Industry = 'Energy'", "Field Industry is a picklist field"), ("AND(ISNEW(),", "Syntax error"),
        ("ISNEW() ISNEW()", "Syntax error"), ("Name ? 1", "Syntax error"),
        ("LEN(Name, 1) > 0", "Expected 1, received 2"),
        ("ISPICKVAL(Industry, Name)", "text literal"), ("ISPICKVAL(Name, 'x')", "Expected Picklist"),
        ("ISCHANGED(Parent.Name)", "field of the record itself"), ("Name > 1", "Expected Text, received Number"),
        ("INCLUDES(Tags__c, '')", "text literal"), ("Name = '" + "x" * 4000 + "'", "too long"),
    ],
)  # fmt: skip
def test_formulas_that_cannot_be_saved(org: Org, text: str, words: str) -> None:
    with pytest.raises(FormulaError, match=r".*") as caught:
        compile_condition(text, org.object("Account"), org.definitions.find)
    assert words in str(caught.value)
