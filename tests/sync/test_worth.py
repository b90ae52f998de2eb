"""What to mend first: by the money behind it, and what has one cause taken together."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from scoring.money import SCALE
from sync.models import AccountState, Calibration, Run, Score
from sync.quality import worth
from tests.sync.office import NOW, Office, found

pytestmark = pytest.mark.django_db


def customer(office: Office, number: int, revenue: int) -> None:
    run = Run.objects.create(portfolio=office.portfolio, model=office.published, today=NOW.date())
    fitted, _ = Calibration.objects.get_or_create(
        model=office.published, as_of=NOW.date(), defaults={"payload": "{}", "published_at": NOW}
    )
    state = AccountState.objects.create(
        connection=office.connection, record_id=f"a{number}", name=f"Account {number}", in_scope=True
    )
    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)
    state.score = Score.objects.create(
        account=state, run=run, model=office.published, calibration=fitted, as_of=NOW.date(), digest="",
        result={"revenue": revenue * SCALE},
    )  # fmt: skip
    state.save()


def test_a_word_that_no_rule_knows_stands_for_all_that_is_missing_because_of_it() -> None:
    office = Office.open()
    for number, revenue in ((1, 500), (2, 300), (3, 700)):
        customer(office, number, revenue)
    word = partial(replace, rule="unknown_label", field="industry", value="Enrgy")
    missing = [replace(found(n), field=field) for n in (1, 2, 3) for field in ("segment", "sub_segment")]
    office.check([word(found(1)), word(found(2)), *missing])
    first, second = worth.top(office.portfolio, 10)
    assert (first.finding.rule, first.finding.record_id, first.money, first.count) == ("unknown_label", "a1", 800, 6)
    assert (second.finding.field, second.finding.record_id, second.money) == ("segment", "a3", 700)
    assert second.others == "1 more finding goes with it"
    assert worth.top(office.portfolio, 1) == [first]


def test_records_without_an_account_are_one_thing_to_mend_whoever_owns_them() -> None:
    office = Office.open(people=2)
    case = partial(replace, kind="case", account_id="", rule="orphan_record", field="account_id")
    office.check([case(found(number, owner=f"u{1 + number % 2}"), record_id=f"c{number}") for number in (1, 2, 3)])
    (only,) = worth.top(office.portfolio, 10)
    assert only.count == 3
    assert only.others == "2 more findings go with it, at 1 more owner"
