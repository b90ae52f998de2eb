"""Every finding reaches a person, and the person can read why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from scoring.model.owners import OwnerRule
from sync.alerts import routing
from sync.alerts.routing import Away, Case, Person, Post, Route, Ways

ADMIN = Person("", "Ada Admin", "ada@example.com")
BOSS = Person("u-boss", "Bo Boss", "bo@example.com")
SELLER = Person("u-seller", "Sam Seller", "sam@example.com", manager_id="u-boss")
GONE = Person("u-gone", "Gus Gone", "gus@example.com", is_active=False, manager_id="u-boss")
DAY = date(2026, 12, 20)
PEOPLE = {person.record_id: person for person in (BOSS, SELLER, GONE)}


def route(owner: str, people: Mapping[str, Person], administrator: Person, **more: Any) -> Route:
    return routing.route(Case(owner), Ways(people, administrator, **more))


def test_the_owner_of_the_record_gets_it() -> None:
    assert route("u-seller", PEOPLE, ADMIN).person == SELLER


def test_an_owner_who_left_is_replaced_by_the_manager() -> None:
    chosen = route("u-gone", PEOPLE, ADMIN)
    assert chosen.person == BOSS
    assert chosen.because == ("Gus Gone, who owns the record, is no longer active; you manage Gus Gone.")


def test_without_an_active_manager_the_administrator_gets_it() -> None:
    people = {"u-gone": GONE, "u-boss": Person("u-boss", "Bo", "bo@example.com", is_active=False)}
    assert route("u-gone", people, ADMIN).person == ADMIN


def test_an_owner_without_an_address_is_replaced_by_the_manager() -> None:
    mute = Person("u-mute", "Mo Mute", "", manager_id="u-boss")
    chosen = route("u-mute", {**PEOPLE, "u-mute": mute}, ADMIN)
    assert chosen.person == BOSS
    assert "no e-mail address" in chosen.because


def test_an_unknown_owner_goes_to_the_administrator() -> None:
    assert route("u-nobody", PEOPLE, ADMIN).person == ADMIN
    assert route("", PEOPLE, ADMIN).because.startswith("The record has no owner")


def test_a_loop_of_managers_ends() -> None:
    left = Person("a", "A", "a@example.com", is_active=False, manager_id="b")
    right = Person("b", "B", "b@example.com", is_active=False, manager_id="a")
    assert route("a", {"a": left, "b": right}, ADMIN).person == ADMIN


ids = st.sampled_from(["a", "b", "c", "d", ""])
people = st.dictionaries(
    ids,
    st.builds(
        Person,
        record_id=ids,
        name=st.just("P"),
        email=st.sampled_from(["", "p@example.com"]),
        is_active=st.booleans(),
        manager_id=ids,
    ),
)


@given(owner=ids, everyone=people)
def test_it_always_names_a_person_who_can_be_reached(owner: str, everyone: dict[str, Person]) -> None:
    chosen = route(owner, everyone, ADMIN)
    assert chosen.person.is_active
    assert chosen.person.email
    assert chosen.because


def asked(to: str, case: Case, **names: Any) -> Route:
    return routing.route(case, Ways(PEOPLE, ADMIN, [OwnerRule(to=to, **names)]))


def test_the_first_rule_that_fits_decides_and_says_for_what() -> None:
    rules = [
        OwnerRule(fields=("segment",), segments=("energy",), where={"country": ("FI", "SE")}, to="bo@example.com"),
        OwnerRule(fields=("segment",), to="account_owner"),
        OwnerRule(to="manager"),
    ]
    ways = Ways(PEOPLE, ADMIN, rules)

    def to(field: str, segment: str = "", country: str = "") -> Route:
        return routing.route(Case("u-seller", "missing", field, segment, {"country": country}), ways)

    assert to("segment", "energy", "fi") == Route(
        BOSS,
        "You answer for segment of accounts with segment energy and country FI or SE (rule 1 of the model's owners).",
    )
    assert to("segment", "energy", "NO").because == "You own the record in the CRM."
    assert to("value_profile").because == (
        "You manage Sam Seller, who owns the record; rule 3 of the model's owners sends this to the manager."
    )


def test_a_rule_that_names_nobody_of_the_crm_ends_at_the_administrator() -> None:
    chosen = asked("gus@example.com", Case("u-seller"))
    assert chosen.person == ADMIN
    assert chosen.because.startswith("Rule 1 of the model's owners names gus@example.com, who is no active user")


def test_the_manager_of_somebody_without_one_is_no_answer_so_the_owner_gets_it() -> None:
    assert asked("manager", Case("u-boss")).person == BOSS


def test_who_is_away_is_stood_in_for_and_the_reason_is_kept() -> None:
    away = {"sam@example.com": Away("bo@example.com", DAY)}
    chosen = route("u-seller", PEOPLE, ADMIN, away=away)
    assert chosen == Route(BOSS, "You stand in for Sam Seller until 2026-12-20. Sam Seller owns the record in the CRM.")
    both = {**away, "bo@example.com": Away("sam@example.com", DAY)}
    assert route("u-seller", PEOPLE, ADMIN, away=both).person == SELLER
    left = {"sam@example.com": Away("gus@example.com", DAY)}
    assert route("u-seller", PEOPLE, ADMIN, away=left).person == SELLER


def test_a_territory_names_whoever_has_the_role_and_can_be_reached() -> None:
    posts = (
        Post("Old", "u-gone", "Owner"),
        Post("Nordics", "u-boss", "Sales Rep"),
        Post("Baltics", "u-seller", "Owner"),
    )
    case = Case("u-boss", posts=posts)
    assert asked("territory", case).person == BOSS
    chosen = asked("territory", case, role="owner")
    assert chosen.person == SELLER
    assert chosen.because.startswith("You answer for the territory Baltics as Owner, to which the account is assigned")


def test_a_territory_that_names_nobody_is_passed_over_for_the_next_rule_that_fits_and_that_is_said() -> None:
    rules = [
        OwnerRule(to="territory", role="Owner"),
        OwnerRule(fields=("tier",), to="manager"),
        OwnerRule(to="manager"),
    ]
    case = Case("u-seller", "missing", "segment", posts=(Post("Nordics", "u-gone", "Owner"),))
    chosen = routing.route(case, Ways(PEOPLE, ADMIN, rules))
    assert chosen.person == BOSS
    assert "rule 3 of the model's owners sends this to the manager" in chosen.because
    assert (
        "(No territory of the account names anybody as Owner: rule 1 of the model's owners was passed" in chosen.because
    )
    assert asked("territory", Case("u-seller")).person == SELLER
