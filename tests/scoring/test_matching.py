"""Which records of two CRMs are one company, and what both records make together."""

from __future__ import annotations

from typing import Any

import ibis
import pandas as pd
import pytest

from scoring import model as models
from scoring import presets, union
from scoring.matching import COLUMNS, Candidate, candidates
from scoring.model.two_crms import TwoCrms


def accounts(*rows: tuple[str | None, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=object)


def found(first: pd.DataFrame, second: pd.DataFrame, **settings: Any) -> dict[tuple[str, str], Candidate]:
    return {(each.first, each.second): each for each in candidates(first, second, TwoCrms(**settings))}


def test_what_leaves_no_doubt_is_certain_and_the_rest_is_for_a_person() -> None:
    here = accounts(
        ("A1", "Nordic Pumps AB", None, "000417"),
        ("A2", "Älv & Co Oy", "https://www.alv.fi/en", None),
        ("A3", "Baltic Steel", "balticsteel.ee", None),
        ("A4", "Hansa Marine Ltd", None, None),
        ("A5", "Plant 1 GmbH", None, None),
    )
    there = accounts(
        ("B1", "Something else", None, "417"),
        ("B2", "alv and co", "alv.fi", None),
        ("B3", "BS Group", "http://balticsteel.ee:80/", None),
        ("B4", "Hansa Marina", None, None),
        ("B5", "Plant 2 GmbH", None, None),
    )
    pairs = found(here, there)
    assert {key: (each.how, each.certain) for key, each in pairs.items()} == {
        ("A1", "B1"): ("external id", True),
        ("A2", "B2"): ("domain and name", True),
        ("A3", "B3"): ("domain", False),
        ("A4", "B4"): ("name", False),
    }
    assert pairs["A1", "B1"].why == "Both have the external id 000417."
    assert ("A4", "B4") not in found(here, there, similarity=99)


def test_nothing_is_matched_where_a_record_fits_several() -> None:
    here = accounts(("A1", "Acme", "acme.com", "7"), ("A2", "Acme", "acme.com", None))
    there = accounts(("B1", "Acme", "acme.com", "7"))
    pairs = found(here, there)
    assert {each.certain for each in pairs.values()} == {False}
    assert set(pairs) == {("A1", "B1"), ("A2", "B1")}
    assert pairs["A1", "B1"].why.endswith("decide which is meant.")


def test_names_of_the_same_words_are_alike_in_any_order_and_other_numbers_tell_them_apart() -> None:
    here = accounts(("A1", "Plant 1 Dock 2 Hansa", None, None))
    there = accounts(("B1", "Hansa Dock 2 Plant 1", None, None), ("B2", "Hansa Dock 3 Plant 1", None, None))
    assert set(found(here, there)) == {("A1", "B1")}


@pytest.mark.parametrize("domain", ["gmail.com", "mailto:info@GMX.de", "shops.example.net", "n/a"])
def test_domains_that_many_share_say_nothing(domain: str) -> None:
    here, there = accounts(("A1", "Acme", domain, None)), accounts(("B1", "Bolt", domain, None))
    assert not found(here, there, shared_domains=["Shops.example.net"])


def test_a_domain_of_many_accounts_proposes_nothing_but_with_the_name_it_is_certain() -> None:
    here = accounts(*((f"A{number}", f"Unit {chr(65 + number)}x", "group.com", None) for number in range(6)))
    there = accounts(("B1", "Unit Bx", "group.com", None), ("B2", "Quite different", "group.com", None))
    pairs = found(here, there, similarity=100)
    assert [(key, each.certain) for key, each in pairs.items()] == [(("A1", "B1"), True)]


@pytest.fixture
def backend() -> Any:
    return ibis.duckdb.connect()


def test_the_records_of_both_count_once_for_the_one_that_leads(backend: Any) -> None:
    model = models.parse(presets.text("default") + "\ntwo_crms: {count_once: {order: number}}\n")
    held: dict[str, list[tuple[Any, ...]]] = {
        "account": [
            ("sf", "A1", "Acme", None, "EUR", None, None),
            ("sf", "A2", "Child", None, "EUR", 5, "A1"),
            ("hub", "B1", "ACME", "Energy", "USD", 900, None),
            ("hub", "B2", "Only there", None, "USD", 7, "B1"),
        ],
        "order": [
            ("sf", "O1", "A1", "10", 100, None),
            ("hub", "O2", "B1", " 10 ", 100, None),
            ("hub", "O3", "B1", "11", 40, None),
            ("hub", "O4", "B1", None, 1, None),
            ("hub", "O5", "B1", None, 2, "GBP"),
            ("erp", "O6", "A1", "10", 3, None),
            ("hub", "O7", "B2", "10", 4, None),
        ],
        "order_line": [("sf", "L1", "O1"), ("hub", "L2", "O2"), ("hub", "L3", "O3")],
    }
    columns = {
        "account": "connection id name industry currency annual_revenue parent_id",
        "order": "connection id account_id number amount currency",
        "order_line": "connection id order_id",
    }
    tables = {
        kind: backend.create_table(f"t_{kind}", pd.DataFrame([*rows], columns=columns[kind].split()))
        for kind, rows in held.items()
    }
    merged = union.merged(tables, {"B1": "A1"}, model, ["sf", "hub"])
    rows = {kind: table.to_pyarrow().to_pylist() for kind, table in merged.items()}
    by_id = {row["id"]: row for row in rows["account"]}
    assert set(by_id) == {"A1", "A2", "B2"}
    assert by_id["A1"] | {"annual_revenue": None} == {
        "connection": "sf", "id": "A1", "name": "Acme", "industry": "Energy", "currency": "EUR",
        "annual_revenue": None, "parent_id": None,
    }  # fmt: skip
    assert pd.isna(by_id["A1"]["annual_revenue"]), "900 are dollars"
    assert (by_id["A2"]["parent_id"], by_id["B2"]["parent_id"]) == ("A1", "A1")
    orders = {row["id"]: (row["account_id"], row["currency"]) for row in rows["order"]}
    assert orders == {
        "O1": ("A1", None), "O3": ("A1", "USD"), "O4": ("A1", "USD"), "O5": ("A1", "GBP"), "O6": ("A1", None),
        "O7": ("B2", None),
    }  # fmt: skip
    assert {row["id"] for row in rows["order_line"]} == {"L1", "L3"}
    assert union.merged(tables, {}, model, ["sf", "hub"]) == tables
