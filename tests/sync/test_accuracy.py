"""Accuracy: what people did with values that a rule had filled, once they looked at them."""

from __future__ import annotations

from typing import Any

import pytest

from scoring.quality.accuracy import accuracy
from sync import outputs
from sync.models import AccountState, Change, Confirmation, Run
from sync.quality.looked_at import looked_at
from tests.sync.office import NOW, Office

pytestmark = pytest.mark.django_db
FILLED = {"segment": "energy", "segment_source": "rule"}


def state(office: Office, number: int, **more: Any) -> AccountState:
    values = {"current": FILLED, "written": {"segment": "energy"}, "owner_record_id": "u1"} | more
    return AccountState.objects.create(
        connection=office.connection, record_id=f"a{number}", name=f"Account {number}", in_scope=True, **values
    )


def answer(office: Office, account: AccountState, before: dict[str, str | None], value: str) -> None:
    """A person says which value is right; `before`: what that changed in the CRM."""
    run = Run.objects.create(
        portfolio=office.portfolio, model=office.published, today=NOW.date(), kind=Run.Kind.ANSWER, state=Run.State.DONE
    )
    Change.objects.create(
        run=run, connection=office.connection, kind="account", record_id=account.record_id, record_name=account.name,
        before=before, after=dict.fromkeys(before), state=Change.State.VERIFIED,
    )  # fmt: skip
    Confirmation.objects.create(account=account, field="segment", value=value, by="Mika", via="console", run=run)


def test_what_was_filled_counts_once_a_person_has_looked_at_it() -> None:
    office = Office.open()
    source, value = "Tierline_Segment_Source__c", "Tierline_Segment__c"
    state(office, 1)  # nobody looked
    state(office, 2, current=FILLED | {"segment": "services"})  # changed in the CRM
    state(office, 3, current=FILLED | {"segment": None})  # cleared in the CRM
    state(office, 4, current={"segment": "services"}, written={})  # a person's from the start
    answer(office, state(office, 5), {source: "rule"}, "energy")  # confirmed
    corrected = state(office, 6, current=FILLED | {"segment": "industry"}, written={"segment": "services"})
    answer(office, corrected, {source: "rule", value: "energy"}, "services")  # corrected, and changed once more
    answer(office, state(office, 7), {source: None, value: "services"}, "energy")  # was a person's before
    layout = outputs.layout(office.published, office.connection)
    found = accuracy(looked_at(office.connection, layout))
    assert {key: (each.looked_at, each.kept) for key, each in found.items() if key[0] != "segment"} == {
        ("all", ""): (4, 1),
        ("field", "segment"): (4, 1),
        ("owner", "u1"): (4, 1),
    }
    assert str(found["all", ""]) == "not enough information (4 looked at)"
