"""SOQL: what a query finds, in which order, and what is refused with which code."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sandbox.org.org import Org, OrgError

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)  # a Wednesday
ACCOUNTS: list[dict[str, Any]] = [
    {"Name": "Alpha", "Industry": "Energy", "NumberOfEmployees": 10, "AnnualRevenue": 100, "BillingCountry": "FI"},
    {"Name": "beta", "Industry": "Energy", "NumberOfEmployees": 250, "AnnualRevenue": 50.5, "BillingCountry": "SE"},
    {"Name": "Gamma 100%", "Industry": None, "NumberOfEmployees": None, "AnnualRevenue": None, "BillingCountry": "fi"},
    {"Name": "Delta_x", "Industry": "Banking", "NumberOfEmployees": 0, "AnnualRevenue": -5, "BillingCountry": None},
    {"Name": "O'Neil", "Industry": "Banking", "NumberOfEmployees": 10, "AnnualRevenue": 7, "BillingCountry": "FI"},
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    with Org.open(tmp_path_factory.mktemp("soql")) as org:
        org.set_clock(NOW)
        made = org.insert("Account", ACCOUNTS)
        ids = [outcome.id for outcome in made]
        assert all(ids)
        org.update("Account", [{"Id": ids[1], "ParentId": ids[0]}])
        deals: list[dict[str, Any]] = [
            {"Name": "A1", "AccountId": ids[0], "Amount": 10, "CloseDate": "2026-11-18", "StageName": "Closed Won"},
            {"Name": "A2", "AccountId": ids[0], "Amount": 30, "CloseDate": "2026-10-31", "StageName": "Prospecting"},
            {"Name": "B1", "AccountId": ids[1], "Amount": 5, "CloseDate": "2025-12-31", "StageName": "Closed Won"},
            {"Name": "N1", "AccountId": None, "Amount": None, "CloseDate": "2026-11-16", "StageName": "Prospecting"},
        ]
        assert all(outcome.success for outcome in org.insert("Opportunity", deals))
        yield org


def names(org: Org, soql: str) -> list[str]:
    return [row["Name"] for row in org.query(soql).records]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("Industry = 'energy'", "Alpha beta"),
        ("Industry != 'Energy'", "Gamma 100%,Delta_x,O'Neil"),
        ("Industry = null", "Gamma 100%"),
        ("NumberOfEmployees != null AND NumberOfEmployees < 11", "Alpha,Delta_x,O'Neil"),
        ("NumberOfEmployees = 10 AND (Industry = 'Banking' OR Name = 'Alpha')", "Alpha,O'Neil"),
        ("NOT Industry = 'Energy'", "Gamma 100%,Delta_x,O'Neil"),
        ("Name LIKE 'a%'", "Alpha"),
        ("Name LIKE '%100\\%'", "Gamma 100%"),
        ("Name LIKE 'Delta\\_x'", "Delta_x"),
        ("Name LIKE '_eta'", "beta"),
        ("Name = 'O\\'Neil'", "O'Neil"),
        ("Name IN ('alpha', 'Delta_x')", "Alpha,Delta_x"),
        ("BillingCountry NOT IN ('FI')", "beta,Delta_x"),
        ("AnnualRevenue >= 50.5", "Alpha,beta"),
        ("AnnualRevenue = -5", "Delta_x"),
        ("Parent.Name = 'Alpha'", "beta"),
        ("Parent.Industry = null", "Gamma 100%,Alpha,Delta_x,O'Neil"),
        ("Id IN (SELECT AccountId FROM Opportunity WHERE Amount > 8)", "Alpha"),
        ("Id NOT IN (SELECT AccountId FROM Opportunity WHERE AccountId != null)", "Gamma 100%,Delta_x,O'Neil"),
        ("CreatedDate >= 2026-11-18T12:00:00Z", "Alpha,beta,Gamma 100%,Delta_x,O'Neil"),
        ("CreatedDate > 2026-11-18T14:00:00+02:00", ""),
        ("CreatedDate = TODAY", "Alpha,beta,Gamma 100%,Delta_x,O'Neil"),
    ],
)
def test_where_finds_these(filled: Org, where: str, expected: str) -> None:
    wanted = sorted(expected.replace(" beta", ",beta").split(",")) if expected else []
    assert sorted(names(filled, f"SELECT Name FROM Account WHERE {where}")) == wanted


@pytest.mark.parametrize(
    ("literal", "expected"),
    [
        ("CloseDate = TODAY", ["A1"]),
        ("CloseDate < TODAY", ["A2", "B1", "N1"]),
        ("CloseDate = THIS_WEEK", ["A1", "N1"]),
        ("CloseDate = THIS_MONTH", ["A1", "N1"]),
        ("CloseDate = LAST_MONTH", ["A2"]),
        ("CloseDate = LAST_YEAR", ["B1"]),
        ("CloseDate = LAST_N_DAYS:3", ["A1", "N1"]),
        ("CloseDate > 2026-10-31", ["A1", "N1"]),
    ],
)
def test_date_literals_mean_these_days(filled: Org, literal: str, expected: list[str]) -> None:
    assert sorted(names(filled, f"SELECT Name FROM Opportunity WHERE {literal}")) == expected


def test_order_limit_and_offset(filled: Org) -> None:
    by = "SELECT Name FROM Account ORDER BY"
    assert names(filled, f"{by} Name") == ["Alpha", "beta", "Delta_x", "Gamma 100%", "O'Neil"]
    assert names(filled, f"{by} AnnualRevenue DESC NULLS LAST")[-1] == "Gamma 100%"
    assert names(filled, f"{by} AnnualRevenue")[0] == "Gamma 100%"  # nulls come first
    assert names(filled, f"{by} NumberOfEmployees NULLS LAST, Name DESC LIMIT 2 OFFSET 1") == ["O'Neil", "Alpha"]


def test_relationships_up_and_down(filled: Org) -> None:
    (row,) = filled.query(
        "SELECT Name, Parent.Name, Owner.Email, (SELECT Name FROM Opportunities ORDER BY Name) FROM Account"
        " WHERE Name = 'beta'"
    ).records
    assert row["Parent"]["Name"] == "Alpha"
    assert row["attributes"]["type"] == "Account"
    assert [child["Name"] for child in row["Opportunities"]["records"]] == ["B1"]
    (orphan,) = filled.query("SELECT Account.Name FROM Opportunity WHERE Name = 'N1'").records
    assert orphan["Account"] is None


def test_aggregates(filled: Org) -> None:
    assert filled.query("SELECT COUNT() FROM Account").total == 5
    rows = filled.query(
        "SELECT Industry, COUNT(Id) n, SUM(AnnualRevenue) total, MIN(NumberOfEmployees) least FROM Account"
        " WHERE Industry != null GROUP BY Industry HAVING COUNT(Id) > 1 ORDER BY Industry"
    ).records
    figures = [{name: row[name] for name in ("Industry", "n", "total", "least")} for row in rows]
    assert figures == [
        {"Industry": "Banking", "n": 2, "total": 2, "least": 0},
        {"Industry": "Energy", "n": 2, "total": 151, "least": 10},
    ]
    (bare,) = filled.query("SELECT MAX(Amount), COUNT_DISTINCT(AccountId) FROM Opportunity").records
    assert (bare["expr0"], bare["expr1"]) == (30, 2)


def test_fields_stands_for_the_fields_of_the_object(filled: Org) -> None:
    (row,) = filled.query("SELECT FIELDS(STANDARD) FROM Account LIMIT 1").records
    assert row.keys() == {"attributes", *filled.object("Account").fields}
    assert filled.query("SELECT FIELDS(ALL) FROM Account LIMIT 1").records == [row]


def test_an_alias_names_a_grouped_field_and_a_date_function_groups(filled: Org) -> None:
    rows = filled.query(
        "SELECT CALENDAR_YEAR(CloseDate) y, COUNT(Id) FROM Opportunity GROUP BY CALENDAR_YEAR(CloseDate)"
        " ORDER BY CALENDAR_YEAR(CloseDate)"
    ).records
    assert [(row["y"], row["expr0"]) for row in rows] == [(2025, 1), (2026, 3)]


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Nme FROM Account", "INVALID_FIELD"),
        ("SELECT Name FROM Acount", "INVALID_TYPE"),
        ("SELECT Owner.Nme FROM Account", "INVALID_FIELD"),
        ("SELECT Name Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE Name = 'x", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE NumberOfEmployees = 'ten'", "INVALID_FIELD"),
        ("SELECT Name FROM Account WHERE CreatedDate > 2026-01-01T00:00:00", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE CreatedDate = '2026-01-01'", "INVALID_FIELD"),
        ("SELECT Name, COUNT(Id) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name FROM Account WHERE Id IN (SELECT Name FROM Opportunity)", "MALFORMED_QUERY"),
        ("SELECT FIELDS(ALL) FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name, Name FROM Account", "MALFORMED_QUERY"),
        ("SELECT Name, (SELECT Name FROM Nobodies) FROM Account", "INVALID_TYPE"),
        ("SELECT Name FROM Account LIMIT 5 OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE"),
        ("SELECT Name FROM Account WHERE Id = 'no id'", "INVALID_QUERY_FILTER_OPERATOR"),
        ("SELECT Name FROM Account; DROP TABLE Account", "MALFORMED_QUERY"),
    ],
)
def test_what_is_wrong_has_its_code(filled: Org, soql: str, code: str) -> None:
    with pytest.raises(OrgError) as caught:
        filled.query(soql)
    assert caught.value.code == code, str(caught.value)


def test_deleted_records_are_only_in_query_all(tmp_path: Any) -> None:
    with Org.open(tmp_path) as org:
        first, second = org.insert("Account", [{"Name": "kept"}, {"Name": "gone"}])
        assert second.id is not None
        assert org.delete("Account", [second.id])[0].success
        assert names(org, "SELECT Name FROM Account") == ["kept"]
        found = org.query("SELECT Name, IsDeleted FROM Account ORDER BY Name", include_deleted=True).records
        assert [(row["Name"], row["IsDeleted"]) for row in found] == [("gone", True), ("kept", False)]
        assert first.success


_TESTS = st.one_of(
    st.tuples(st.sampled_from(["=", "!=", "<", ">="]), st.sampled_from([0, 10, 250])).map(
        lambda test: f"NumberOfEmployees {test[0]} {test[1]}"
    ),
    st.sampled_from(["Industry = 'Energy'", "Industry != 'Energy'", "Industry = null", "BillingCountry = 'FI'"]),
)
_CONDITIONS = st.recursive(
    _TESTS,
    lambda inner: st.one_of(
        inner.map(lambda one: f"(NOT {one})"),
        st.tuples(inner, st.sampled_from([" AND ", " OR "]), inner).map(lambda parts: f"({''.join(parts)})"),
    ),
    max_leaves=5,
)


def _python(condition: str, row: dict[str, Any]) -> bool:
    """The condition by plain Python. A null is equal to null only, different from any value, and in no order."""
    employees, industry, country = row["NumberOfEmployees"], row["Industry"], row["BillingCountry"]
    known = {
        "Industry = 'Energy'": industry == "Energy",
        "Industry != 'Energy'": industry != "Energy",
        "Industry = null": industry is None,
        "BillingCountry = 'FI'": (country or "").upper() == "FI",
    }
    for number in (0, 10, 250):
        known[f"NumberOfEmployees = {number}"] = employees == number
        known[f"NumberOfEmployees != {number}"] = employees != number
        known[f"NumberOfEmployees < {number}"] = employees is not None and employees < number
        known[f"NumberOfEmployees >= {number}"] = employees is not None and employees >= number
    text = condition.replace("NOT ", "not ").replace(" AND ", " and ").replace(" OR ", " or ")
    for test in sorted(known, key=len, reverse=True):
        text = text.replace(test, str(known[test]))
    return bool(eval(text))


@given(_CONDITIONS)
def test_any_condition_means_what_python_says(filled: Org, condition: str) -> None:
    expected = sorted(row["Name"] for row in ACCOUNTS if _python(condition, row))
    assert sorted(names(filled, f"SELECT Name FROM Account WHERE {condition}")) == expected
