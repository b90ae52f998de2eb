"""Data-quality rules: each planted fault is found, with its owner and a way out, and nothing else."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline, quality
from scoring.model import Model
from scoring.quality import Checked, Finding, across, duplicates
from tests.scoring.frames import DAY, accounts, customer, default

MODEL = default()
RIGHT = {"own_segment": "energy", "own_sub_segment": "power_producers", "own_value_profile": "uptime_first"}
USERS = [
    {"id": "U1", "name": "Ann Active", "is_active": True},
    {"id": "U2", "name": "Lars Left", "is_active": False},
]


def check(
    rows: list[dict[str, Any]],
    deals: list[dict[str, Any]] | None = None,
    orders: list[dict[str, Any]] | None = None,
    using: Model = MODEL,
) -> list[Finding]:
    features = accounts(*(customer(100 + n, **_features(row)) for n, row in enumerate(rows)), using=using)
    held = pd.DataFrame([{**RIGHT, "own_tier": None, **row} for row in rows])
    for name in ("id", "name", "owner_id", "industry", "type", "operation_mode", "business_model"):
        source = "account_id" if name == "id" else name
        if name not in held:
            held[name] = features[source]
    scores = pipeline.score(features, using, pipeline.calibrate(features, using, DAY), DAY)
    records = {"account": held, "user": pd.DataFrame(USERS), "product": pd.DataFrame([{"id": "P1", "name": "GTX Pro"}])}
    records |= {"opportunity": _frame(deals, "is_closed", "product_name"), "order": _frame(orders, "number")}
    return quality.check(Checked(records, scores, using, DAY, DAY))


def _features(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if not name.startswith("own_") and name != "id"}


def _frame(rows: list[dict[str, Any]] | None, *columns: str) -> pd.DataFrame:
    return pd.DataFrame(rows or [], columns=["id", "name", "account_id", "owner_id", *columns])


def test_right_values_have_no_findings() -> None:
    deal = {"id": "D1", "name": "Pump", "account_id": "A00000", "owner_id": "U1", "product_name": "gtx pro "}
    order = {"id": "O1", "number": "17", "account_id": "A00000"}
    assert check([{}, {}], [deal], [order]) == []


def test_a_missing_value_says_why_it_was_not_filled() -> None:
    first, second = check([{}, {"own_value_profile": None, "operation_mode": None, "own_sub_segment": ""}])
    assert (first.rule, first.field, first.record_id, first.owner_id) == ("missing", "sub_segment", "A00001", "U1")
    assert first.message == (
        "Account 1 has no sub-segment. Tierline's rules suggest Power producers (industry is Energy)."
    )
    assert second.message == "Account 1 has no value profile. Tierline could not fill it: operation mode is missing."
    assert first.fix == "Choose Power producers, or another sub-segment if you know better."
    assert second.fix == "Enter the operation mode, and the value profile follows; or choose it yourself."
    assert (second.severity, second.value) == ("medium", None)


def test_missing_fires_only_for_what_the_model_makes_mandatory() -> None:
    optional = default(fields={"value_profile": {"policy": "fill", "mandatory": False}}, mandatory={"requirements": []})
    assert check([{"own_value_profile": None}], using=optional) == []
    assert check([{"own_tier": None}]) == []


def test_a_value_of_an_older_list_is_found() -> None:
    (found,) = check([{"own_segment": "Heavy Industry"}])
    assert (found.rule, found.value, found.severity) == ("not_in_list", "Heavy Industry", "high")
    assert found.fix == "Choose one of the list: Energy, Manufacturing, Services."


def test_a_sub_segment_of_another_segment_is_found() -> None:
    (found,) = check([{"own_segment": "services"}])
    assert (found.rule, found.field) == ("sub_segment_of_segment", "sub_segment")
    assert found.message == "Account 0 is in Services, but its sub-segment Power producers belongs to Energy."
    assert "Marine & logistics" in found.fix


def test_an_owner_who_left_is_named() -> None:
    deals: list[dict[str, Any]] = [
        {"id": "D1", "name": "Open", "account_id": "A00000", "owner_id": "U2", "is_closed": False},
        {"id": "D2", "name": "Closed", "account_id": "A00000", "owner_id": "U2", "is_closed": True},
    ]
    found = check([{"owner_id": "U2"}, {"owner_id": None}, {"owner_id": "U9"}], deals)
    assert [(each.kind, each.message) for each in found] == [
        ("account", "Account 1 (Silver, 101 EUR in the last 12 months) has no owner."),
        ("account", "Account 0 (Bronze, 100 EUR in the last 12 months) belongs to Lars Left, who is no longer active."),
        (
            "account",
            "Account 2 (Platinum, 102 EUR in the last 12 months) belongs to user U9, who is not in the CRM any more.",
        ),
        ("opportunity", "Open belongs to Lars Left, who is no longer active."),
    ]
    assert [each.owner_id for each in found] == [None, "U2", "U9", "U2"]


def test_records_without_account_are_reported_to_their_owner() -> None:
    deals: list[dict[str, Any]] = [
        {"id": "D1", "name": "Lost child", "account_id": None, "owner_id": "U1", "is_closed": True},
        {"id": "D2", "name": "Child", "account_id": "A00000", "owner_id": "U1", "is_closed": True},
    ]
    first, second = check([{}], deals, [{"id": "O1", "number": "4711", "account_id": "gone"}])
    assert (first.kind, first.record_id, first.account_id, first.owner_id) == ("opportunity", "D1", None, "U1")
    assert first.message == "Opportunity Lost child has no account, so it counts for no customer."
    assert second.message.startswith("Order 4711 names account gone, which is not there")


def test_an_unknown_label_offers_the_word_that_was_meant() -> None:
    found = check([{"industry": "Enrgy"}, {"industry": "Beekeeping"}, {"industry": "Power generation"}])
    labels = [each for each in found if each.rule == "unknown_label"]
    assert [(each.record_id, each.value, each.field) for each in labels] == [
        ("A00000", "Enrgy", "industry"),
        ("A00001", "Beekeeping", "industry"),
    ]
    assert labels[0].fix == "Change it to Energy, if that is meant."
    assert "vocabulary" in labels[1].fix


def test_of_several_values_each_has_to_be_known() -> None:
    rule = {"require": {"not": {"field": "industry", "includes": ["Marine"]}}, "otherwise": "Ships"}
    found = check(
        [{"industry": "Energy;Mining"}, {"industry": "Energy; Enrgy"}, {"industry": "Marine"}],
        using=default(scope=[rule]),
    )
    (finding,) = [each for each in found if each.rule == "unknown_label"]
    assert (finding.record_id, finding.value) == ("A00001", "Enrgy")


def test_a_customer_with_amounts_that_no_rate_converts_is_a_finding_that_names_the_currency() -> None:
    found = check([{"no_rate": "JPY"}, {"currency": "JPY"}, {}, {"no_rate": "JPY", "type": "Partner"}])
    (finding,) = [each for each in found if each.rule == "no_exchange_rate"]
    assert (finding.record_id, finding.owner_id, finding.field, finding.value) == ("A00000", "U1", "currency", "JPY")
    assert "has no tier: it has amounts in JPY, and there is no exchange rate to EUR" in finding.message
    assert "add a rate" in finding.fix


def test_an_unknown_product_is_found_once_per_deal() -> None:
    deal = {"name": "Deal", "account_id": "A00000", "owner_id": "U1", "is_closed": True}
    deals = [{**deal, "id": "D1", "product_name": "GTXPro"}, {**deal, "id": "D2", "product_name": None}]
    (found,) = check([{}], deals)
    assert (found.rule, found.record_id, found.fix) == (
        "unknown_product",
        "D1",
        "Change it to GTX Pro, if that is meant.",
    )


@pytest.mark.parametrize("fault", [{"own_segment": None}, {"own_segment": "old"}, {"owner_id": "U2"}])
def test_accounts_out_of_scope_are_nobodys_business(fault: dict[str, Any]) -> None:
    assert check([{"type": "Partner", **fault}]) == []


def test_a_rule_can_be_switched_off_and_its_severity_chosen() -> None:
    off = default(quality={"rules": {"not_in_list": {"enabled": False}, "owner_inactive": {"severity": "low"}}})
    (found,) = check([{"own_segment": "old", "owner_id": "U2"}], using=off)
    assert (found.rule, found.severity) == ("owner_inactive", "low")


def test_kinds_and_columns_that_were_not_read_are_no_faults() -> None:
    scores = pd.DataFrame({"account_id": ["A"], "in_scope": [True]})
    assert quality.check(Checked({"account": pd.DataFrame({"id": ["A"]})}, scores, MODEL, DAY, DAY)) == []
    assert quality.check(Checked({"account": pd.DataFrame({"id": []})}, scores.iloc[:0], MODEL, DAY, DAY)) == []


def test_every_rule_of_the_model_exists_and_has_a_title() -> None:
    assert {rule.id for rule in quality.RULES} == set(type(MODEL.quality.rules).model_fields)
    assert len({rule.title for rule in quality.RULES}) == len(quality.RULES)


def test_the_line_of_an_account_says_what_is_missing_and_what_to_check() -> None:
    wrong = {"own_value_profile": None, "operation_mode": None, "own_segment": "industry", "owner_id": "U2"}
    rows: list[dict[str, Any]] = [{"owner_id": "U1"}, wrong]
    deal = {"id": "D1", "name": "Pump", "account_id": "A00000", "owner_id": "U1", "product_name": "Gear"}
    found = check(rows, [deal])
    told = {"A00000": "Check: opportunities.", "A00001": "Missing: value profile. Check: segment, owner."}
    assert quality.lines(found, MODEL) == told
    assert quality.lines(reversed(found), MODEL) == told


def test_a_line_that_is_too_long_says_how_much_more_there_is() -> None:
    (one,) = check([{"own_value_profile": None}])
    many = [one, *(replace(one, rule="custom", field=f"field_of_the_company_{n}") for n in range(30))]
    line = quality.lines(many, MODEL)["A00000"]
    assert len(line) <= 255
    assert re.fullmatch(r"Missing: value profile\. Check: .* and \d+ more\.", line)


def test_a_pair_that_was_told_apart_leaves_the_others_of_the_same_number() -> None:
    accounts_held = across.of(
        Checked(
            {"account": pd.DataFrame([{"id": key, "name": f"Other {key}", "external_id": "7"} for key in "ABC"])},
            pd.DataFrame({"account_id": list("ABC"), "in_scope": True}),
            MODEL,
            DAY,
            DAY,
        )
    ).accounts
    assert duplicates.candidates(accounts_held, 90) == {"B": "A", "C": "A"}
    once = {("A", "C")}
    assert duplicates.candidates(accounts_held, 90, None, once) == {"B": "A", "C": "B"}
    both = once | {("B", "C")}
    assert duplicates.candidates(accounts_held, 90, None, both) == {"B": "A"}
    assert duplicates.candidates(accounts_held, 90, None, both, {("B", "C")}) == {"B": "A", "C": "B"}
