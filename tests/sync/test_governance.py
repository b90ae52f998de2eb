"""Turns of the period: calibrations stay until a person publishes another, and every move of a tier has its cause."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from sync.governance import calibrations, reviewing
from sync.models import AccountState, Calibration, Run, Score, TierMove
from tests.sync.stage import Stage

TIER = "Tierline_Tier__c"
DECEMBER, JANUARY, FEBRUARY = date(2026, 12, 7), date(2027, 1, 4), date(2027, 2, 1)


def order(stage: Stage, account: AccountState, amount: float, day: str) -> None:
    """A large order without lines would not count; it gets a line of a product that costs half."""
    (book,) = stage.query("SELECT Id FROM Pricebook2 WHERE IsStandard = true LIMIT 1")
    (entry,) = stage.query(f"SELECT Id, Product2Id FROM PricebookEntry WHERE Pricebook2Id = '{book['Id']}' LIMIT 1")
    facts = {"AccountId": account.record_id, "EffectiveDate": day, "Status": "Draft", "Pricebook2Id": book["Id"]}
    (made,) = stage.org.insert("Order", [facts])
    assert made.success, made.errors
    line = {"OrderId": made.id, "PricebookEntryId": entry["Id"], "Quantity": 1, "UnitPrice": amount, "Cost__c": 0}
    (added,) = stage.org.insert("OrderItem", [line])
    assert added.success, added.errors
    (done,) = stage.org.update("Order", [{"Id": made.id, "Status": "Activated"}])
    assert done.success, done.errors


def done(stage: Stage, today: date) -> Run:
    run = stage.run(today)
    if run.state == Run.State.HELD:
        from sync.writing import holding

        holding.approve(run, "test")
        run = stage.work(run)
    assert run.state == Run.State.DONE, run.error
    return run


def newest(account: AccountState) -> Score:
    account.refresh_from_db()
    assert account.score is not None
    return account.score


def test_a_calibration_stays_in_force_until_a_person_publishes_the_proposed_one(after_run: Stage) -> None:
    first = Calibration.objects.get()
    assert done(after_run, DECEMBER).calibration == first, "no turn of the quarter, nothing is proposed"
    assert Calibration.objects.count() == 1
    run = done(after_run, JANUARY)
    assert run.calibration == first
    proposal = Calibration.objects.get(state=Calibration.State.PROPOSED)
    assert proposal.as_of == date(2027, 1, 1)
    assert set(proposal.comparison) == {"customers", "moves", "accounts", "owners", "deals", "shares", "beside"}
    assert sum(proposal.comparison["moves"].values()) == len(proposal.comparison["accounts"])
    assert all(each["owner"] not in ("", "nobody") for each in proposal.comparison["accounts"])
    calibrations.publish(proposal, "Ada")
    run = done(after_run, JANUARY)
    assert run.calibration == proposal
    causes = {score.result["cause"] for score in run.scores.all() if score.result["cause"]}
    assert causes <= {"rule change"}
    calibrations.publish(first, "Ada")
    assert done(after_run, JANUARY).calibration == first, "going back is publishing the earlier one again"


def test_behaviour_moves_up_at_the_turn_and_a_late_order_at_once(after_run: Stage) -> None:
    grows, late = AccountState.objects.filter(tier="silver").order_by("pk")[:2]
    order(after_run, grows, 5_000_000, "2026-11-20")
    done(after_run, date(2026, 11, 24))
    assert newest(grows).tier == "silver", "inside the period nothing of it counts yet"
    done(after_run, date(2027, 3, 1))  # its minimum stay is over
    score = newest(grows)
    assert (score.tier, score.result["cause"]) == ("platinum", "behaviour")
    assert score.tier_since == date(2027, 3, 1)
    order(after_run, late, 5_000_000, "2026-10-20")  # before the date scored for in November
    done(after_run, date(2027, 3, 2))
    score = newest(late)
    assert (score.tier, score.result["cause"]) == ("platinum", "data correction")


def test_a_move_inside_the_minimum_stay_is_held_and_says_so(after_run: Stage) -> None:
    account = AccountState.objects.filter(tier="silver").order_by("pk").first()
    assert account is not None
    order(after_run, account, 5_000_000, "2026-11-20")
    done(after_run, DECEMBER)
    score = newest(account)
    assert score.tier == "silver"
    assert score.result["held"] == (
        "Platinum by the figures alone, but a tier is kept 3 months at least, here until 2027-02-01"
    )
    assert score.result["computed"] == ["high", "low"]
    assert score.result["short_reason"].startswith("Silver: high value, gross margin 5,0")


@pytest.mark.parametrize("decision", ["accepted", "rejected"])
def test_the_review_round_decides_moves_that_need_it(after_run: Stage, tmp_path: Path, decision: str) -> None:
    after_run.publish(("dwell_months: 3", "dwell_months: 0"), ("approval: none", "approval: all"), folder=tmp_path)
    account = AccountState.objects.filter(tier="silver").order_by("pk").first()
    assert account is not None
    order(after_run, account, 5_000_000, "2026-11-20")
    done(after_run, date(2026, 11, 24))
    done(after_run, DECEMBER)
    assert newest(account).tier == "silver"
    move = reviewing.waiting(after_run.portfolio).get(account=account)
    assert (move.before, move.after, move.as_of) == ("silver", "platinum", date(2026, 12, 1))
    with pytest.raises(reviewing.Refused, match="Say why"):
        reviewing.decide([move], TierMove.State.REJECTED, "Ada")
    assert reviewing.decide([move], decision, "Ada", "Seen together on 7 December") == 1
    assert reviewing.decide([move], decision, "Ada", "twice") == 0
    done(after_run, DECEMBER)
    score = newest(account)
    assert score.tier == ("platinum" if decision == "accepted" else "silver")
    if decision == "rejected":
        assert score.result["held"].endswith("the review round kept the tier, the next is on 2027-01-01")
