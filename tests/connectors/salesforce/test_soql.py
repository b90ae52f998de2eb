"""Queries are built so that no value can change their meaning, and reads can continue at any row."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.base import Since
from connectors.salesforce import soql
from connectors.salesforce.ids import long_id

_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f"}
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def read_back(literal: str) -> str:
    """What a SOQL parser makes of a quoted literal; fails if a quote ends it early."""
    assert literal[0] == literal[-1] == "'"
    text, characters = "", iter(literal[1:-1])
    for character in characters:
        assert character != "'"
        if character == "\\":
            character = next(characters)
            character = _UNESCAPED.get(character, character)
        text += character
    return text


@given(st.text())
def test_any_text_survives_quoting(text: str) -> None:
    assert read_back(soql.literal(text)) == text


@given(st.text())
def test_a_like_pattern_holds_no_wildcard_but_its_own(text: str) -> None:
    pattern = soql.containing(text)
    inner = pattern[2:-2].replace("\\\\", "").replace("\\%", "").replace("\\_", "")
    assert "%" not in inner
    assert "_" not in inner


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "null"),
        (True, "true"),
        (12, "12"),
        (1.5, "1.5"),
        (date(2026, 1, 2), "2026-01-02"),
        (datetime(2026, 1, 1, 14, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2))), "2026-01-01T12:00:00.123Z"),
    ],
)
def test_values_are_written_as_soql_knows_them(value: object, written: str) -> None:
    assert soql.literal(value) == written  # type: ignore[arg-type]  # parametrized over all of them


def test_a_datetime_without_timezone_is_refused() -> None:
    with pytest.raises(ValueError, match="names no instant"):
        soql.literal(datetime(2026, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize("name", ["Id FROM User", "Name;", "", "1Name", "Owner..Name", "A.B.C.D.E.F.G", "Näme"])
def test_a_field_path_cannot_smuggle_a_query(name: str) -> None:
    with pytest.raises(ValueError, match="not a field path"):
        soql.select([name], "Account")


def test_a_first_read_is_bounded_above_and_ordered() -> None:
    assert soql.window(["Id", "Owner.Name"], "Account", None, NOON) == (
        "SELECT Id, Owner.Name FROM Account WHERE SystemModstamp <= 2026-01-01T12:00:00.000Z "
        "ORDER BY SystemModstamp, Id"
    )


def test_a_read_starts_at_an_instant_or_behind_a_row_of_it() -> None:
    assert "WHERE SystemModstamp >= 2026-01-01T12:00:00.000Z AND" in soql.window(["Id"], "Case", Since(NOON), NOON)
    resumed = soql.window(["Id"], "Case", Since(NOON, "500000000000001AAA"), NOON)
    assert (
        "(SystemModstamp > 2026-01-01T12:00:00.000Z OR "
        "(SystemModstamp = 2026-01-01T12:00:00.000Z AND Id > '500000000000001AAA')) AND" in resumed
    )


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("001000000000001", "001000000000001AAA"),
        ("0018000000K5Cag", "0018000000K5CagAAF"),
        ("001D000000IqhSL", "001D000000IqhSLIAZ"),
        ("001D000000IqhSLIAZ", "001D000000IqhSLIAZ"),
    ],
)
def test_ids_get_the_checksum_that_salesforce_gives_them(short: str, long: str) -> None:
    assert long_id(short) == long


@pytest.mark.parametrize("text", ["", "001", "001000000000001A", "00100000000000'", "００１000000000001"])
def test_other_text_is_no_id(text: str) -> None:
    with pytest.raises(ValueError, match="not a Salesforce record id"):
        long_id(text)
