"""What a run writes, and above all what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Scalar
from sync.plan import Account, Output, OverrideRequest, digest, gist, plan_account

DAY = date(2026, 11, 1)
SEGMENT = Output("segment", "fill", {"value": "Seg", "source": "Seg_Source", "date": "Seg_Date"})
SUB = Output("sub_segment", "fill", {"value": "Sub"}, parent="segment", parent_name="Seg")
TIER = Output("tier", "machine", {"value": "Tier", "since": "Tier_Since", "reason": "Tier_Reason"})
HINT = Output("value_profile", "suggest", {"value": "Prof", "suggestion": "Prof_Hint"})
ALL = (SEGMENT, SUB, TIER, HINT)

KONE = Account(
    record_id="001A",
    name="Kone",
    computed={"segment": "energy", "sub_segment": "wind", "tier": "gold", "value_profile": "uptime"},
    current={},
    written={},
    reason="Gold: 412 k€ margin in 12 months",
)


def planned(account: Account, *outputs: Output) -> dict[str, Scalar]:
    return dict(plan_account(account, outputs or ALL, DAY).after)


def test_an_empty_account_gets_everything() -> None:
    assert planned(KONE) == {
        "Seg": "energy",
        "Seg_Source": "rule",
        "Seg_Date": DAY,
        "Sub": "wind",
        "Tier": "gold",
        "Tier_Since": DAY,
        "Tier_Reason": "Gold: 412 k€ margin in 12 months",
        "Prof_Hint": "uptime",
    }


def test_before_holds_the_same_fields_as_after() -> None:
    plan = plan_account(replace(KONE, current={"Tier_Reason": "old"}), ALL, DAY)
    assert plan.before.keys() == plan.after.keys()
    assert plan.before["Tier_Reason"] == "old"


def test_a_second_run_writes_nothing() -> None:
    after = planned(KONE)
    again = replace(KONE, current=after, written={"segment": "energy", "sub_segment": "wind", "tier": "gold"})
    assert planned(again) == {}


def test_a_persons_segment_is_never_replaced() -> None:
    account = replace(KONE, current={"Seg": "marine"})
    assert planned(account, SEGMENT) == {}


def test_a_value_a_person_cleared_stays_clear() -> None:
    account = replace(KONE, written={"segment": "energy"}, current={"Seg": None})
    assert planned(account, SEGMENT) == {}


def test_a_value_that_a_person_chose_no_longer_says_that_a_rule_did() -> None:
    names = {**SEGMENT.names, "why": "Seg_Why"}
    ours = {"Seg": "energy", "Seg_Source": "rule", "Seg_Date": "2026-02-01", "Seg_Why": "Industry is Energy"}
    whys = {"segment": "Industry is Energy"}
    kept = replace(KONE, written={"segment": "energy"}, current=ours, whys=whys)
    output = replace(SEGMENT, names=names)
    assert planned(kept, output) == {}
    chosen = replace(kept, current={**ours, "Seg": "marine"})
    assert planned(chosen, output) == {"Seg_Source": None, "Seg_Date": DAY, "Seg_Why": None}
    told = {"Seg": "marine", "Seg_Source": None, "Seg_Date": DAY, "Seg_Why": None}
    assert planned(replace(chosen, current=told), output) == {}
    vouched = replace(chosen, current={**ours, "Seg": "marine", "Seg_Source": "confirmed by Anna"})
    assert planned(vouched, output) == {}


def test_a_sub_segment_is_not_filled_beside_another_segment() -> None:
    account = replace(KONE, current={"Seg": "marine"})
    assert planned(account, SEGMENT, SUB) == {}


def test_a_sub_segment_is_filled_beside_the_same_segment_chosen_by_a_person() -> None:
    account = replace(KONE, current={"Seg": "energy"})
    assert planned(account, SEGMENT, SUB) == {"Sub": "wind"}


def test_a_persons_edit_of_the_tier_becomes_an_override_request() -> None:
    account = replace(KONE, written={"tier": "silver"}, current={"Tier": "platinum"})
    plan = plan_account(account, (TIER,), DAY)
    assert plan.after == {}
    assert plan.overrides == (OverrideRequest("tier", "platinum", "gold"),)


def test_a_tier_a_person_cleared_is_not_written_again() -> None:
    account = replace(KONE, written={"tier": "gold"}, current={"Tier": None})
    plan = plan_account(account, (TIER,), DAY)
    assert plan.after == {}
    assert plan.overrides == (OverrideRequest("tier", None, "gold"),)


def test_a_tier_that_moves_gets_a_new_date_and_reason() -> None:
    account = replace(
        KONE,
        written={"tier": "silver"},
        current={"Tier": "silver", "Tier_Since": "2026-01-01", "Tier_Reason": "Silver: small"},
    )
    assert planned(account, TIER) == {
        "Tier": "gold",
        "Tier_Since": DAY,
        "Tier_Reason": "Gold: 412 k€ margin in 12 months",
    }


def test_a_reason_is_not_rewritten_because_a_figure_moved() -> None:
    account = replace(
        KONE,
        written={"tier": "gold"},
        current={"Tier": "gold", "Tier_Reason": "Gold: 409.5 k€ margin in 12 months"},
    )
    assert planned(account, TIER) == {}


def test_out_of_scope_clears_our_tier_but_not_a_persons() -> None:
    out = replace(KONE, computed={"tier": None}, reason="")
    ours = replace(out, written={"tier": "gold"}, current={"Tier": "gold", "Tier_Since": "2026-01-01"})
    assert planned(ours, TIER) == {"Tier": None, "Tier_Since": None}
    theirs = replace(out, written={"tier": "silver"}, current={"Tier": "gold"})
    assert planned(theirs, TIER) == {}


def test_an_answer_that_was_never_heard_does_not_look_like_a_persons_edit() -> None:
    account = replace(KONE, written={"tier": "silver"}, attempted={"tier": "bronze"}, current={"Tier": "bronze"})
    plan = plan_account(account, (TIER,), DAY)
    assert plan.overrides == ()
    assert plan.after["Tier"] == "gold"


def test_an_equal_tier_found_without_history_is_adopted() -> None:
    plan = plan_account(replace(KONE, current={"Tier": "gold"}), (TIER,), DAY)
    assert plan.adopted == {"tier": "gold"}
    assert plan.overrides == ()


def test_a_refused_change_is_held_back_until_it_differs() -> None:
    first = plan_account(KONE, (TIER,), DAY)
    refused = replace(KONE, refused=digest(first.before, first.after))
    assert plan_account(refused, (TIER,), DAY).held_back
    other = replace(refused, computed={"tier": "bronze"})
    assert not plan_account(other, (TIER,), DAY).held_back


def test_a_suggestion_disappears_when_the_value_agrees() -> None:
    account = replace(KONE, current={"Prof": "uptime", "Prof_Hint": "uptime"})
    assert planned(account, HINT) == {"Prof_Hint": None}


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("412 k€ margin", "9.5 k€ margin", True),
        ("412 k€ margin", "412 k€ revenue", False),
        (None, "", True),
    ],
)
def test_the_gist_of_a_reason_leaves_figures_out(left: str | None, right: str, same: bool) -> None:
    assert (gist(left) == gist(right)) is same


values = st.sampled_from([None, "a", "b", "c"])


@given(now=values, written=values, computed=values)
def test_fill_writes_only_into_empty_fields(now: str | None, written: str | None, computed: str | None) -> None:
    account = replace(KONE, computed={"segment": computed}, current={"Seg": now}, written={"segment": written})
    after = planned(account, SEGMENT)
    assert not after or now is None


@given(now=values, written=values, computed=values)
def test_a_machine_value_is_written_only_over_our_own_or_nothing(
    now: str | None, written: str | None, computed: str | None
) -> None:
    account = replace(KONE, computed={"tier": computed}, current={"Tier": now}, written={"tier": written})
    after = planned(account, TIER)
    if "Tier" in after:
        assert now == written
