"""Records that hang on an account: open opportunities carry its values along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from admin import schema
from sync.models import Change, Run
from sync.writing import undoing
from tests.sync.stage import Stage

SEGMENT, TIER = "Tierline_Segment__c", "Tierline_Tier__c"


@pytest.fixture
def carrying(after_run: Stage, tmp_path: Path) -> Stage:
    """A company whose open deals are to carry segment and tier."""
    after_run.publish(("\nguard: ", "\nopportunities: {values: [segment, tier]}\nguard: "), folder=tmp_path)
    schema.apply(after_run.connection, schema.plan(after_run.connection))
    return after_run


def deals(stage: Stage, *, closed: bool = False) -> list[dict[str, Any]]:
    return stage.query(
        f"SELECT Id, AccountId, {SEGMENT}, {TIER}, Account.{SEGMENT}, Account.{TIER} FROM Opportunity "
        f"WHERE IsClosed = {closed} AND AccountId != null ORDER BY Id"
    )


def agrees(deal: dict[str, Any]) -> bool:
    """A value that the model does not know stays with the account."""
    segment = deal["Account"][SEGMENT]
    known = segment if segment in ("energy", "manufacturing", "services") else None
    return (deal[SEGMENT], deal[TIER]) == (known, deal["Account"][TIER])


def test_open_deals_are_filled_and_closed_ones_left_alone(carrying: Stage) -> None:
    run = carrying.run()
    assert run.state == Run.State.DONE, run.error
    assert not [deal for deal in deals(carrying) if not agrees(deal)]
    assert any(deal[TIER] for deal in deals(carrying))
    assert not any(deal[TIER] or deal[SEGMENT] for deal in deals(carrying, closed=True))
    assert run.counts["opportunities_written"] == run.changes.filter(kind="opportunity").count()
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    assert not carrying.run().changes.exists()


def test_a_deal_follows_its_account_unless_a_person_chose_otherwise_for_it(carrying: Stage) -> None:
    carrying.run()
    by_account: dict[str, list[dict[str, Any]]] = {}
    for deal in deals(carrying):
        if deal[SEGMENT]:
            by_account.setdefault(deal["AccountId"], []).append(deal)
    first, second = list(by_account)[:2]
    other = {"energy": "services"}
    edited = by_account[first][0]
    carrying.org.update("Opportunity", [{"Id": edited["Id"], SEGMENT: other.get(edited[SEGMENT], "energy")}])
    chosen = next(key for key in ("energy", "services") if key != by_account[second][0][SEGMENT])
    carrying.org.update("Account", [{"Id": second, SEGMENT: chosen}])
    carrying.run()
    after = {deal["Id"]: deal for deal in deals(carrying)}
    assert after[edited["Id"]][SEGMENT] == other.get(edited[SEGMENT], "energy")
    assert {after[deal["Id"]][SEGMENT] for deal in by_account[second]} == {chosen}


def test_undo_of_one_account_takes_its_deals_along(carrying: Stage) -> None:
    run = carrying.run()
    account = run.changes.filter(kind="opportunity")[0].parent_id
    back = carrying.work(undoing.create(run, "Anna", accounts=[account]))
    assert set(back.changes.filter(kind="opportunity").values_list("parent_id", flat=True)) == {account}
    assert all(not deal[TIER] for deal in deals(carrying) if deal["AccountId"] == account)


def test_undo_takes_the_values_of_deals_back_and_they_stay_away(carrying: Stage) -> None:
    before = deals(carrying)
    run = carrying.run()
    carrying.work(undoing.create(run, "Anna"))
    assert deals(carrying) == before
    assert not carrying.run().changes.filter(kind="opportunity").exists()
