"""What becomes of a value that people choose, where two CRMs do not agree on it."""

from __future__ import annotations

import pytest

from scoring.model.two_crms import Policy
from sync.matching.agreeing import NEVER, Settled, Sides, base_of, settle

ASK: Policy = "ask"
CARRY: Policy = "carry"
FIRST: Policy = "salesforce"
SECOND: Policy = "hubspot"


def settled(first: str | None, second: str | None, base: str | None, policy: Policy, fill: bool = True) -> Settled:
    return settle(Sides(first, second, base, ("salesforce", "hubspot")), policy, fill_empty=fill)


@pytest.mark.parametrize("policy", [ASK, CARRY, FIRST, SECOND])
@pytest.mark.parametrize("base", ["x", None])
def test_both_edited_since_they_agreed_is_always_a_persons_to_decide(policy: Policy, base: str | None) -> None:
    assert settled("a", "b", base, policy) == Settled(cause="both")


@pytest.mark.parametrize(
    ("first", "second", "base", "policy", "wanted"),
    [
        ("a", "x", "x", ASK, Settled(cause="one")),
        ("a", "x", "x", CARRY, Settled(to_second="a")),
        ("x", "b", "x", CARRY, Settled(to_first="b")),
        ("a", "x", "x", FIRST, Settled(to_second="a")),
        ("a", "x", "x", SECOND, Settled(to_first="x")),
        ("a", "b", NEVER, ASK, Settled(cause="unknown")),
        ("a", "b", NEVER, CARRY, Settled(cause="unknown")),
        ("a", "b", NEVER, SECOND, Settled(to_first="b")),
        ("a", None, NEVER, ASK, Settled(to_second="a")),
        (None, "b", None, ASK, Settled(to_first="b")),
        ("x", None, "x", ASK, Settled(cause="one")),
        ("x", None, "x", CARRY, Settled(cause="one")),
        ("x", None, "x", FIRST, Settled(to_second="x")),
        ("a", None, "x", FIRST, Settled(cause="both")),
        ("a", "a", "x", ASK, Settled()),
    ],
)
def test_one_edit_and_values_that_never_agreed_go_by_the_model(
    first: str | None, second: str | None, base: str | None, policy: Policy, wanted: Settled
) -> None:
    assert settled(first, second, base, policy) == wanted


def test_a_value_that_only_one_holds_stays_there_where_the_model_says_so() -> None:
    assert settled("a", None, NEVER, FIRST, fill=False) == Settled()


def test_they_agreed_on_what_was_seen_in_both_or_else_on_what_was_written_to_both() -> None:
    assert base_of({"segment": "a"}, "segment", "b", "b") == "a"
    assert base_of({"segment": None}, "segment", "b", "b") == "b"
    assert base_of({}, "segment", "b", "c") == NEVER
    assert base_of({"segment": None}, "segment", "b", None) is None
