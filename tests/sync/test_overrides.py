"""An override of the tier is asked for with a reason, decided by somebody else, published as such, and ends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group

from scoring import presets
from scoring.model.overrides import Overrides
from sync import starting
from sync.governance import overriding
from sync.models import AccountState, Notice, Override, Run
from tests.sync.stage import TODAY, Stage

TIER, REASON, SINCE = "Tierline_Tier__c", "Tierline_Tier_Reason__c", "Tierline_Tier_Since__c"
UNTIL = date(2027, 3, 31)


def one(tier: str) -> AccountState:
    found = AccountState.objects.filter(tier=tier).order_by("pk").first()
    assert found is not None
    return found


def ask(account: AccountState, value: str, **given: Any) -> Override:
    facts: dict[str, Any] = {
        "kind": "lock",
        "reason": "strategic",
        "comment": "Opens the Baltic market",
        "until": UNTIL,
        "today": TODAY,
    }
    return overriding.request(account, value, "Sam", **(facts | given))


def batch(stage: Stage) -> Run:
    run = stage.work(starting.create(stage.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY))
    assert run.state == Run.State.DONE, run.error
    return run


def in_crm(stage: Stage, account: AccountState) -> Mapping[str, Any]:
    (row,) = stage.query(f"SELECT {TIER}, {REASON}, {SINCE} FROM Account WHERE Id = '{account.record_id}'")
    return row


def test_an_approved_override_is_published_as_one_and_ends_by_itself(after_run: Stage) -> None:
    account = one("bronze")
    override = ask(account, "platinum")
    batch(after_run)
    assert in_crm(after_run, account)[TIER] == "bronze", "asking alone moves nothing"
    overriding.approve(override, "Ada", today=TODAY)
    batch(after_run)
    row = in_crm(after_run, account)
    assert row[TIER] == "platinum"
    said = "Platinum by override until 2027-03-31: Strategic customer, approved by Ada. By rule: Bronze"
    assert row[REASON].startswith(said)
    account.refresh_from_db()
    assert account.score is not None
    result = account.score.result
    assert (result["cause"], result["by_rule"], result["tier"]) == ("override", "bronze", "platinum")
    assert overriding.expire(after_run.portfolio, UNTIL) == 0, "its last day counts"
    assert overriding.expire(after_run.portfolio, UNTIL + timedelta(days=1)) == 1
    batch(after_run)
    assert in_crm(after_run, account)[TIER] == "bronze"
    override.refresh_from_db()
    overriding.judge(override, right=True, by="Ada")
    override.refresh_from_db()
    assert (override.state, override.was_right) == (Override.State.EXPIRED, True)


def test_a_floor_gives_way_to_a_better_computed_tier() -> None:
    model = presets.load("default")
    floor = Override(kind=Override.Kind.FLOOR, value="gold", reason="contract", expires_on=UNTIL)
    for computed, published in (("platinum", "platinum"), ("gold", "gold"), ("silver", "gold")):
        row = {"in_scope": True, "tier": computed, "tier_since": "2026-01-01", "short_reason": "x"}
        assert overriding.applied(row, floor, model)["tier"] == published
    lock = Override(kind=Override.Kind.LOCK, value="gold", reason="contract", expires_on=UNTIL)
    row = {"in_scope": True, "tier": "platinum", "tier_since": "2026-01-01", "short_reason": "x"}
    assert overriding.applied(row, lock, model)["tier"] == "gold"
    assert overriding.applied({**row, "in_scope": False}, lock, model)["tier"] == "platinum", "no customer, no override"


def test_an_edit_in_the_crm_is_approved_or_followed_by_the_computed_tier(after_run: Stage) -> None:
    kept, undone = AccountState.objects.filter(tier="silver").order_by("pk")[:2]
    after_run.org.update("Account", [{"Id": each.record_id, TIER: "gold"} for each in (kept, undone)])
    batch(after_run)
    agreed, refused = (Override.objects.get(account=each, state="requested") for each in (kept, undone))
    overriding.approve(agreed, "Ada", today=TODAY, reason="contract", comment="Frame agreement signed", until=UNTIL)
    overriding.reject(refused, "Ada", "No contract behind it")
    batch(after_run)
    assert [in_crm(after_run, each)[TIER] for each in (kept, undone)] == ["gold", "silver"]
    after_run.org.update("Account", [{"Id": undone.record_id, TIER: "gold"}])
    batch(after_run)
    batch(after_run)
    assert in_crm(after_run, undone)[TIER] == "gold", "a new edit is a new request, never overwritten silently"
    assert Override.objects.filter(account=undone, state="requested").count() == 1


def test_a_request_that_says_too_little_is_refused_with_what_to_say(after_run: Stage) -> None:
    account = one("bronze")
    for given, words in (
        ({"reason": "because"}, "a reason of the model's list: strategic"),
        ({"comment": " "}, "needs a comment"),
        ({"until": TODAY}, "ends between tomorrow and 2027-11-23"),
        ({"until": date(2028, 1, 1)}, "ends between tomorrow and 2027-11-23"),
        ({"kind": "ceiling"}, "no kind of override"),
    ):
        with pytest.raises(overriding.Refused, match=words):
            ask(account, "gold", **given)
    with pytest.raises(overriding.Refused, match="is no tier"):
        ask(account, "diamond")
    ask(account, "gold")
    with pytest.raises(overriding.Refused, match="has a request already"):
        ask(account, "silver")


def test_nobody_approves_a_request_of_ones_own_and_larger_jumps_need_more(after_run: Stage) -> None:
    override = ask(one("bronze"), "platinum")
    users = get_user_model().objects
    sam, ada, zoe = (users.create_user(name, is_staff=name == "Ada") for name in ("Sam", "Ada", "Zoe"))
    assert [overriding.may_decide(user, override) for user in (sam, ada, zoe)] == [False, True, False]
    with pytest.raises(overriding.Refused, match="somebody else"):
        overriding.approve(override, "Sam", today=TODAY)
    zoe.groups.add(Group.objects.create(name="tier board"))
    rules = Overrides.model_validate({"approvers": [{"levels": 1}, {"levels": 9, "group": "tier board"}]})
    assert [rules.approver(jump) for jump in (1, 2, 9, 12)] == ["", "tier board", "tier board", "tier board"]
    overriding.reject(override, "Ada", "Too soon")
    with pytest.raises(overriding.Refused, match="decided already"):
        overriding.approve(override, "Ada", today=TODAY)


def test_the_end_is_told_once_before_it_comes(after_run: Stage) -> None:
    overriding.approve(ask(one("bronze"), "gold"), "Ada", today=TODAY)
    overriding.expire(after_run.portfolio, UNTIL - timedelta(days=31))
    assert not Notice.objects.filter(key__startswith="overrides-").exists()
    overriding.expire(after_run.portfolio, UNTIL - timedelta(days=30))
    overriding.expire(after_run.portfolio, UNTIL - timedelta(days=29))
    notice = Notice.objects.get(key__startswith="overrides-")
    assert notice.subject == "1 override ends soon"
    assert "gold until 2027-03-31, asked for by Sam" in notice.body
