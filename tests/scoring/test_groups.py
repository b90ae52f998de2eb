"""Who is in a group, who counts for whom, and what is said of a structure that cannot be."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from ibis import memtable

from scoring import features, groups, model, pipeline, quality
from scoring.groups import Tree, tree
from scoring.quality import Checked
from tests.scoring.frames import DAY, accounts, customer, default, with_roles

BRANCHES = {"enabled": True, "count_elsewhere": {"field": "roles", "includes": ["Branch"]}}


def grown(**parents: str | None) -> Tree:
    return tree(list(parents), list(parents.values()))


def test_a_group_is_led_by_the_account_at_the_top_and_an_account_alone_is_none() -> None:
    found = grown(top=None, unit="top", plant="unit", alone="", other=None, child="other")
    assert found.heads == {"top": "top", "unit": "top", "plant": "top", "other": "other", "child": "other"}
    assert found.together({"plant", "alone"}) == {"top", "unit", "plant", "alone"}


def test_below_a_parent_that_is_not_there_the_group_begins() -> None:
    found = grown(unit="gone", plant="unit", alone="gone")
    assert found.heads == {"unit": "unit", "plant": "unit"}
    assert found.absent == {"unit": "gone", "alone": "gone"}


@pytest.mark.parametrize("size", [2, 3, 4, 7])
def test_a_circle_is_one_group_led_by_its_smallest_id(size: int) -> None:
    around = {f"C{number}": f"C{(number + 1) % size}" for number in range(size)}
    found = grown(**around, A="C1", B="A")
    assert found.circles == set(around)
    assert set(found.heads.values()) == {"C0"}
    assert set(found.heads) == {*around, "A", "B"}


def test_who_is_its_own_parent_has_none() -> None:
    assert grown(a="a", b="a") == grown(a=None, b="a")


def test_an_account_counts_for_the_nearest_above_that_does_not_count_elsewhere_itself() -> None:
    found = grown(top=None, unit="top", branch="unit", one="two", two="one")
    assert found.receivers({"branch", "unit"}) == {"branch": "top", "unit": "top"}
    assert found.receivers({"top", "branch", "one", "two"}) == {"branch": "unit"}


def test_what_counts_elsewhere_has_no_tier_and_says_with_whom() -> None:
    using = with_roles(groups=BRANCHES)
    rows = ({"name": "Head"}, {"roles": "Branch;End user"}, {"roles": "Branch", "type": "Partner"}, {"roles": "Branch"})
    frame = accounts(*(customer(100 + n, **row) for n, row in enumerate(rows)))
    found = tree(frame["account_id"].tolist(), [None, "A00000", "A00000", None])
    moved = groups.counted_elsewhere(frame, found, using, DAY)
    assert moved.to_dict("records") == [
        {"account_id": "A00001", "counts_for": "A00000", "elsewhere": "Counted with Head: roles includes Branch"}
    ]
    frame = frame.merge(moved, how="left")
    table = pipeline.score(frame, using, pipeline.calibrate(frame, using, DAY), DAY)
    assert table["in_scope"].tolist() == [True, False, False, True]
    assert table["scope_reason"].tolist()[1] == "Counted with Head: roles includes Branch"


def test_records_counted_together_are_summed_exactly() -> None:
    """Two orders of one day are one day with an order, whoever of the group placed them."""
    day = pd.Timestamp("2026-10-20")
    orders = [("O1", "a", day, 100_0000), ("O2", "b", day, 50_0000), ("O3", "c", day, 7_0000)]
    lines = [(f"L{name}", name, amount) for name, _, _, amount in orders]
    tables: dict[str, Any] = {
        "account": memtable(pd.DataFrame({"id": ["a", "b", "c"], "name": ["Head", "Branch", "Other"]})),
        "order": memtable(pd.DataFrame(orders, columns=["id", "account_id", "ordered_on", "amount"])),
        "order_line": memtable(pd.DataFrame(lines, columns=["id", "order_id", "amount"])),
    }
    together = groups.counted_as(tables, {"a": "a", "b": "a"})
    (row,) = features.build(together, default(), DAY).to_pandas().to_dict("records")
    assert (row["account_id"], row["name"], row["revenue"]) == ("a", "Head", 150_0000)
    assert (row["orders"], row["order_lines"], row["transaction_days_ever"]) == (2, 2, 1)


def test_parents_that_cannot_be_are_a_finding_where_the_model_has_groups() -> None:
    frame = accounts(*(customer(100) for _ in range(4)))
    right = {"own_segment": "energy", "own_sub_segment": "power_producers", "own_value_profile": "uptime_first"}
    names = ["name", "owner_id", "industry", "type", "operation_mode", "business_model"]
    held = frame[names].assign(id=frame["account_id"], parent_id=["gone", "A00002", "A00001", "A00000"], **right)
    users = pd.DataFrame([{"id": "U1", "name": "Ann", "is_active": True}])
    for using, expected in ((default(), []), (default(groups={"enabled": True}), ["A00000", "A00001", "A00002"])):
        scores = pipeline.score(frame, using, pipeline.calibrate(frame, using, DAY), DAY)
        found = quality.check(Checked({"account": held, "user": users}, scores, using, DAY, DAY))
        assert [each.record_id for each in found if each.rule == "group_structure"] == expected
        assert len(found) == len(expected)
        if found:
            assert found[0].message == "Account 0 names parent gone, which is not there, so it leads its group."
            assert found[1].message.startswith("Account 1 is above itself: its parents lead in a circle, so A00001 ")


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"publish": True}, r"groups\.publish: does nothing while groups are off"),
        ({"enabled": True, "count_elsewhere": {"field": "rules", "missing": True}}, r"groups\.count_elsewhere\.field"),
        ({"enabled": True, "roll_up": "mean"}, r"groups\.roll_up: found 'mean'\. Allowed: 'sum' or 'best'"),
    ],
)
def test_a_mistake_in_the_section_is_named(section: dict[str, Any], message: str) -> None:
    with pytest.raises(model.ModelError, match=message):
        default(groups=section)
