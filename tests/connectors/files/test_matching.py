"""Accounts of rows: by external id first, by name once a person has said so, and a report that adds up."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.errors import BadInput
from connectors.files import MatchReport, Reading
from tests.connectors.files.exports import Export, rows_of

ROWS = (
    "Number,Amount,Customer,Company\n"
    "1,10,417,Somebody Else\n"  # by id, whatever the name says; zeros in front were lost
    "2,20, 000417 ,\n"
    "3,40,,Bolt and Sons Inc.\n"  # looks like Bolt & Sons
    "4,80,c-9,Crane Works\n"  # two accounts carry this id
    "5,160,999,Nobody Knows\n"
    "6,320,,\n"
)


@pytest.fixture
def matched(export: Export) -> Iterator[Export]:
    export.orders("account: {external_id: Customer, name: Company}", columns="{id: Number, amount: Amount}")
    export.write(ROWS)
    yield export
    assert not list(export.folder.glob("*.new"))


def accounts_of(export: Export) -> dict[str, str | None]:
    return {number: account for number, account, _ in rows_of(export.reading())}


def report_of(reading: Reading) -> MatchReport:
    rows_of(reading)
    report = reading.matches()
    assert report is not None
    return report


def propose(export: Export) -> int:
    files = export.files()
    return files.propose([report_of(files.read(files.mapping.sources[0]))])


def review(export: Export) -> Path:
    return export.folder / "account-review.csv"


def decide(export: Export, decision: str, account_id: str | None = None) -> None:
    """What a person does in a spreadsheet."""
    with review(export).open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["decision"] = decision
        row["account_id"] = row["account_id"] if account_id is None else account_id
    with review(export).open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def test_only_a_unique_external_id_matches_by_itself(matched: Export) -> None:
    assert accounts_of(matched) == {"1": "001A", "2": "001A", "3": None, "4": None, "5": None, "6": None}


def test_the_report_adds_up(matched: Export) -> None:
    reading = matched.reading()
    report = report_of(reading)
    assert report.rows == reading.tally.delivered == 6
    buckets = {
        "by_id": (2, Decimal(30)),
        "by_name": (0, Decimal(0)),
        "proposed": (1, Decimal(40)),
        "ambiguous": (1, Decimal(80)),
        "unmatched": (2, Decimal(480)),
    }
    assert {name: (getattr(report, name).rows, getattr(report, name).money) for name in buckets} == buckets
    shown = str(report)
    assert "Bolt and Sons Inc. like 'Bolt & Sons'" in shown
    assert "c-9 Crane Works" in shown
    assert "several accounts carry this id" in shown
    assert "999 Nobody Knows" in shown
    assert "(no key)" in shown


def test_a_name_counts_once_a_person_said_yes(matched: Export) -> None:
    assert propose(matched) == 1
    assert accounts_of(matched)["3"] is None
    decide(matched, "yes")
    assert accounts_of(matched)["3"] == "001B"
    assert report_of(matched.reading()).by_name.rows == 1


def test_a_person_may_name_another_account_or_none(matched: Export) -> None:
    propose(matched)
    decide(matched, "Yes", "001C")
    assert accounts_of(matched)["3"] == "001C"
    decide(matched, "no")
    assert accounts_of(matched)["3"] is None
    report = report_of(matched.reading())
    assert (report.proposed.rows, report.unmatched.rows) == (0, 3)


def test_decisions_stay_when_new_proposals_come(matched: Export) -> None:
    propose(matched)
    decide(matched, "yes")
    assert propose(matched) == 0
    matched.write(f"{ROWS}7,1,,Acme Pump\n")
    assert propose(matched) == 1
    assert accounts_of(matched)["3"] == "001B"
    with review(matched).open(encoding="utf-8-sig", newline="") as file:
        assert [(row["file_key"], row["decision"]) for row in csv.DictReader(file)] == [
            ("Bolt and Sons Inc.", "yes"),
            ("Acme Pump", ""),
        ]


@pytest.mark.parametrize(("decision", "account_id"), [("perhaps", None), ("yes", "")])
def test_an_unclear_decision_names_the_line(matched: Export, decision: str, account_id: str | None) -> None:
    propose(matched)
    decide(matched, decision, account_id)
    with pytest.raises(BadInput, match=r"account-review\.csv, line 2"):
        matched.files()


def test_a_review_file_saved_with_semicolons_is_read(matched: Export) -> None:
    propose(matched)
    decide(matched, "ja")
    text = review(matched).read_text(encoding="utf-8-sig")
    assert '"' not in text
    review(matched).write_text(text.replace(",", ";"), encoding="utf-8-sig")
    assert accounts_of(matched)["3"] == "001B"


def test_a_review_file_without_its_columns_is_refused(matched: Export) -> None:
    review(matched).write_text("file_key,decision\nx,yes\n")
    with pytest.raises(BadInput, match="lacks the column"):
        matched.files()
