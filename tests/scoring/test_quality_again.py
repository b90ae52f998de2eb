"""Checking only what changed ends with the findings of a check of everything, whatever was edited."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from typing import Any

import numpy as np
import pytest

from scoring import quality
from scoring.money import SCALE
from scoring.quality import Checked, Finding, across, again
from tests.scoring import planted
from tests.scoring.frames import DAY
from tests.scoring.planted import Org

MODEL = planted.model()


def whole(org: Org) -> Checked:
    return Checked(org.records(), org.scores(MODEL), MODEL, DAY, planted.TODAY)


def some(org: Org, accounts: Collection[str]) -> Checked:
    """What is read of a few accounts: with their deals and ERP records, deals of no account, and orders and users."""
    records, scores = org.records(), org.scores(MODEL)
    there = set(records["account"]["id"])
    for kind, column in (("account", "id"), ("customer", "account_id")):
        records[kind] = records[kind][records[kind][column].isin(set(accounts))].reset_index(drop=True)
    deals = records["opportunity"]
    theirs = deals["account_id"].isin(set(accounts)) | ~deals["account_id"].isin(there)
    records["opportunity"] = deals[theirs].reset_index(drop=True)
    return Checked(records, scores[scores["account_id"].isin(set(accounts))], MODEL, DAY, planted.TODAY)


def edit(org: Org, random: np.random.Generator) -> set[str]:
    """One edit of the CRM; the accounts that it touches."""
    row, other = (org.accounts[int(random.integers(len(org.accounts)))] for _ in range(2))
    touched = {row["id"]}
    kind = int(random.integers(12))
    if kind < 5:
        row.update(_values(row, other, random))
    elif kind == 5:  # comes, twin of another
        made = {**other, "id": f"N{random.integers(10**9):09}", "external_id": None, "name": f"{other['name']} AB"}
        org.accounts.append(made)
        org.computed[made["id"]] = {"tier": "silver", "last_contact_on": "2026-10-20"}
        touched = {made["id"]}
    elif kind == 6:  # goes, and its deals stay
        org.accounts.remove(row)
        touched |= {each["id"] for each in org.accounts if each["parent_id"] == row["id"]}
    elif kind == 7:
        user = org.users[int(random.integers(len(org.users)))]
        user["is_active"] = not user["is_active"]
        owned = [each["account_id"] for each in org.deals if each["owner_id"] == user["id"]]
        touched = {*owned, *(each["id"] for each in org.accounts if each["owner_id"] == user["id"])} - {None}
    elif kind == 8 and org.customers:
        customer = org.customers[int(random.integers(len(org.customers)))]
        customer.update(country=_one(random, "NO", "fi"), is_blocked=bool(random.random() < 0.5))
        touched = {customer["account_id"]}
    else:
        deal = org.deals[int(random.integers(len(org.deals)))]
        touched = {deal["account_id"]}
        deal.update(
            ({"product_name": _one(random, "Pmp 3", "Pump 3", "Gear")}, {"account_id": row["id"]},
             {"account_id": None}, {"amount": -SCALE}, {"owner_id": ""})[int(random.integers(5))]
        )  # fmt: skip
        touched = ({deal["account_id"]} | touched) - {None}
    return touched


def _values(row: dict[str, Any], other: dict[str, Any], random: np.random.Generator) -> dict[str, Any]:
    """New values of an account; names and words are those of other accounts, so that they meet."""
    return (
        {"name": other["name"]},
        {"name": f"{row['name']} Plant {random.integers(3)}"},
        {"external_id": other["external_id"]},
        {"industry": _one(random, "Enrgy", "Energy", "Mining", None)},
        {"operation_mode": _one(random, "Sometimes", None)},
        {"owner_id": other["owner_id"], "own_value_profile": "standard_supply"},
        {"own_segment": _one(random, "energy", "industry", "old", None)},
        {"parent_id": other["id"]},
        {"country": other["country"]},
        {"type": _one(random, "Competitor", "Customer - Direct")},
        {"own_segment": other["own_segment"], "own_value_profile": other["own_value_profile"]},
    )[int(random.integers(11))]


def _one(random: np.random.Generator, *values: str | None) -> str | None:
    return values[int(random.integers(len(values)))]


def differing(left: Collection[Finding], right: Collection[Finding]) -> set[Finding]:
    return set(left) ^ set(right)


@pytest.mark.parametrize("seed", [1, pytest.param(range(2, 40), marks=pytest.mark.soak)])
def test_after_random_edits_the_findings_are_those_of_a_whole_check(seed: int | range) -> None:
    for each in [seed] if isinstance(seed, int) else seed:
        random = np.random.default_rng(each)
        org = planted.clean(each, 250, MODEL)
        planted.likely(org, each, MODEL)
        planted.certain(org)
        checked = whole(org)
        held, known = quality.check(checked), across.of(checked)
        looked_at = 0
        for step in range(5):
            touched: set[str] = set().union(*(edit(org, random) for _ in range(int(random.integers(1, 6)))))
            result = again.check(partial(some, org), known, touched)
            looked_at += len(result.accounts)
            held = [f for f in held if not result.speaks_of(f.kind, f.account_id)] + result.findings
            known = result.known
            expected = quality.check(whole(org))
            assert not differing(held, expected), f"seed {each}, step {step}"
            assert len(held) == len(expected)
        assert looked_at < 5 * 250 / 2


def test_a_change_of_one_account_looks_at_few() -> None:
    org = planted.clean(3, 250, MODEL)
    known = across.of(whole(org))
    org.accounts[7]["own_segment"] = None
    result = again.check(partial(some, org), known, {org.accounts[7]["id"]})
    assert [(each.rule, each.record_id) for each in result.findings] == [("missing", org.accounts[7]["id"])]
    assert len(result.accounts) < 5
