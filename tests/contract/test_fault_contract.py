"""A CRM that breaks: every fault has its class, reads are tried again, and no write is ever sent twice blindly."""

from __future__ import annotations

from datetime import date

import pytest

from connectors.base import Change, Crm, TaskSpec
from connectors.errors import AuthRevoked, Fatal, RateLimited, Retryable, Unavailable
from tests.contract.ground import Break, Ground


@pytest.fixture
def record(installed: Ground) -> str:
    return installed.add_accounts(["Broken Ltd"])[0]


def change(ground: Ground, record: str) -> list[Change]:
    return [Change(record, {ground.reason.name: "new"})]


def read(crm: Crm) -> list[str]:
    return [name for batch in crm.pull("account", {"id": "Id"}, None) for name in batch["id"].to_pylist()]


@pytest.mark.parametrize(("how", "applied"), [("drop_before", False), ("drop_after", True), ("garbled", True)])
def test_a_write_without_an_answer_is_sent_once_and_read_again(
    installed: Ground, crm: Crm, record: str, how: Break, applied: bool
) -> None:
    installed.break_next("write", how)
    with pytest.raises(Unavailable) as caught:
        crm.push("account", change(installed, record))
    assert caught.value.code in ("NO_ANSWER", "BAD_REPLY", "OUTCOME_UNKNOWN")
    assert caught.value.next_step
    assert installed.requests("write") == 1
    expected = "new" if applied else None
    assert crm.fetch("account", [record], [installed.reason.name]) == {record: {installed.reason.name: expected}}
    assert crm.push("account", change(installed, record))[0].ok  # the connection is still good


@pytest.mark.parametrize("how", ["drop_before", "drop_after", "busy"])
def test_a_read_is_tried_again_and_complete(installed: Ground, crm: Crm, record: str, how: Break) -> None:
    expected = read(crm)
    installed.break_next("read", how, times=2)
    assert read(crm) == expected
    assert record in expected


def test_a_read_gives_up_after_some_tries(installed: Ground, crm: Crm) -> None:
    installed.break_next("read", "busy", times=0)
    with pytest.raises(Unavailable):
        read(crm)
    assert 2 <= installed.requests("read") <= 6


def test_half_a_reply_to_a_read_is_no_rows(installed: Ground, crm: Crm, record: str) -> None:
    installed.break_next("read", "garbled", times=0)
    with pytest.raises(Retryable) as caught:
        read(crm)
    assert caught.value.next_step


def test_a_write_to_a_busy_crm_is_left_to_the_caller(installed: Ground, crm: Crm, record: str) -> None:
    installed.break_next("write", "busy")
    with pytest.raises(Unavailable) as caught:
        crm.push("account", change(installed, record))
    assert caught.value.code == "503"
    assert installed.requests("write") == 1
    assert installed.values(record)[installed.reason.name] is None


def test_a_refused_token_is_renewed_and_the_write_replayed_once(installed: Ground, crm: Crm, record: str) -> None:
    installed.break_next("write", "expired")
    assert [result.ok for result in crm.push("account", change(installed, record))] == [True]
    assert installed.requests("write") == 2
    assert installed.values(record)[installed.reason.name] == "new"


def test_a_token_refused_again_asks_for_a_person(installed: Ground, crm: Crm, record: str) -> None:
    installed.break_next("write", "expired", times=0)
    with pytest.raises(AuthRevoked) as caught:
        crm.push("account", change(installed, record))
    assert installed.requests("write") == 2
    assert "Reconnect" in caught.value.next_step


def test_a_used_up_budget_has_its_own_class(installed: Ground, crm: Crm, record: str) -> None:
    for target in ("read", "write"):
        installed.break_next(target, "rate_limit", times=0)
    with pytest.raises(RateLimited) as reading:
        read(crm)
    with pytest.raises(RateLimited) as writing:
        crm.push("account", change(installed, record))
    assert reading.value.next_step
    assert writing.value.next_step
    assert installed.values(record)[installed.reason.name] is None


@pytest.mark.parametrize("how", ["drop_before", "drop_after", "garbled"])
def test_a_task_with_an_unknown_outcome_is_found_by_its_key(installed: Ground, crm: Crm, how: Break) -> None:
    wanted = TaskSpec(f"fault-{how}", installed.colleague_id, "Call", "Why", date(2026, 12, 1))
    installed.break_next("task", how)
    with pytest.raises(Unavailable):
        crm.create_task(wanted)
    created = crm.create_task(wanted)
    assert [each["id"] for each in installed.tasks() if wanted.key in each["subject"]] == [created]


def test_errors_carry_no_secret(installed: Ground, crm: Crm, record: str) -> None:
    installed.break_next("write", "expired", times=0)
    with pytest.raises(Fatal) as caught:
        crm.push("account", change(installed, record))
    assert "Bearer" not in f"{caught.value!r} {caught.value.next_step}"
