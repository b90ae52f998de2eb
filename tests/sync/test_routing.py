"""Every finding reaches a person, and the person can read why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sync.alerts.routing import Person, route

ADMIN = Person("", "Ada Admin", "ada@example.com")
BOSS = Person("u-boss", "Bo Boss", "bo@example.com")
SELLER = Person("u-seller", "Sam Seller", "sam@example.com", manager_id="u-boss")
GONE = Person("u-gone", "Gus Gone", "gus@example.com", is_active=False, manager_id="u-boss")
PEOPLE = {person.record_id: person for person in (BOSS, SELLER, GONE)}


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
