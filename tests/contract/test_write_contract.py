"""Writing to a CRM: one outcome per row, only the fields given, and refusals as data that a person understands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from connectors.base import Change, ChangesTasks, Crm, Scalar, TaskSpec, WriteResult
from connectors.errors import Fatal
from tests.contract.ground import Ground


def full(ground: Ground) -> dict[str, Scalar]:
    return {ground.segment.name: "grow", ground.level.name: "fast", ground.reason.name: "why", ground.score.name: 12.5}


def push_all(crm: Crm, changes: Sequence[Change]) -> list[WriteResult]:
    """In as many calls as the connector wants."""
    size = crm.batch_size
    return [
        result
        for start in range(0, len(changes), size)
        for result in crm.push("account", changes[start : start + size])
    ]


def test_values_are_written_and_read_back_equal(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Written Ltd"])
    values = full(installed)
    assert crm.push("account", [Change(record, values)]) == [WriteResult(record, ok=True)]
    assert crm.fetch("account", [record], list(values)) == {record: values}


def test_only_the_given_fields_change(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Kept Ltd"])
    crm.push("account", [Change(record, full(installed))])
    before = installed.values(record)
    crm.push("account", [Change(record, {installed.score.name: 99.0})])
    assert installed.values(record) == {**before, installed.score.name: 99.0}
    assert before[installed.note] == "theirs"


def test_null_clears_a_field(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Cleared Ltd"])
    values = full(installed)
    crm.push("account", [Change(record, values)])
    (result,) = crm.push("account", [Change(record, dict.fromkeys(values))])
    assert result.ok
    assert crm.fetch("account", [record], list(values)) == {record: dict.fromkeys(values)}


def test_every_row_of_many_has_exactly_one_outcome_in_order(installed: Ground, crm: Crm) -> None:
    ids = installed.add_accounts([f"Many {number}" for number in range(crm.batch_size + 55)])
    installed.delete(ids[7])
    changes = [Change(record, {installed.score.name: float(place % 100)}) for place, record in enumerate(ids)]
    results = push_all(crm, changes)
    assert [result.record_id for result in results] == ids
    assert [result.record_id for result in results if not result.ok] == [ids[7]]
    written = crm.fetch("account", ids, [installed.score.name])
    assert written == {change.record_id: change.values for change in changes if change.record_id != ids[7]}


def test_a_refused_row_says_why_and_stops_no_other(installed: Ground, crm: Crm) -> None:
    good, long, unlisted, gone = installed.add_accounts(["Good", "Long", "Unlisted", "Gone"])
    installed.delete(gone)
    results = crm.push(
        "account",
        [
            Change(long, {installed.reason.name: "x" * (installed.reason.length + 1)}),
            Change(unlisted, {installed.segment.name: "nowhere"}),
            Change(gone, {installed.reason.name: "x"}),
            Change(good, {installed.reason.name: "x" * installed.reason.length}),
        ],
    )
    assert [result.record_id for result in results] == [long, unlisted, gone, good]
    assert [result.ok for result in results] == [False, False, False, True]
    assert results[0].fields == (installed.reason.name,)
    assert results[1].fields == (installed.segment.name,)
    for result in results[:3]:
        assert result.code
        assert result.message.endswith(".")
        assert result.next_step
        assert not result.retryable
    assert installed.values(good)[installed.reason.name] == "x" * installed.reason.length
    assert installed.values(long)[installed.reason.name] is None


def test_rules_of_the_org_do_not_hand_over_what_we_write(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Owned Ltd"])
    owner = installed.values(record)["owner"]
    installed.assign_on_save(installed.colleague_id)
    (result,) = crm.push("account", [Change(record, {installed.reason.name: "x"})])
    assert result.ok
    assert installed.values(record)["owner"] == owner != installed.colleague_id


def test_nothing_is_sent_for_no_changes(installed: Ground, crm: Crm) -> None:
    assert crm.push("account", []) == []
    assert installed.requests("write") == 0


def test_more_than_a_batch_or_a_record_twice_is_the_callers_mistake(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Twice Ltd"])
    change = Change(record, {installed.reason.name: "x"})
    with pytest.raises(ValueError, match="each of them once"):
        crm.push("account", [change, change])
    assert installed.requests("write") == 0


def test_records_are_read_again_in_any_number(installed: Ground, crm: Crm) -> None:
    ids = installed.add_accounts([f"Again {number}" for number in range(450)])
    found = crm.fetch("account", [*ids, ids[0]], [installed.note])
    assert found == {record: {installed.note: "theirs"} for record in ids}
    assert crm.fetch("account", [], [installed.note]) == {}


def task(ground: Ground, key: str, owner_id: str, record_id: str = "") -> TaskSpec:
    return TaskSpec(key, owner_id, "Call the customer", "Because of the tier.", date(2026, 12, 1), record_id)


def test_a_task_reaches_its_owner_once(ground: Ground, crm: Crm) -> None:
    (record,) = ground.add_accounts(["Tasked Ltd"])
    wanted = task(ground, "alert-1", ground.colleague_id, record)
    created = crm.create_task(wanted)
    assert crm.create_task(wanted) == created
    assert ground.connect().create_task(wanted) == created
    (found,) = [each for each in ground.tasks() if "alert-1" in each["subject"]]
    assert found["subject"].startswith("Call the customer")
    assert {name: found[name] for name in ("id", "owner_id", "body", "due_on", "record_id")} == {
        "id": created,
        "owner_id": ground.colleague_id,
        "body": wanted.body,
        "due_on": "2026-12-01",
        "record_id": record,
    }
    assert crm.create_task(task(ground, "alert-10", ground.colleague_id)) != created


def test_a_task_is_changed_and_completed_unless_its_owner_did_so(ground: Ground, crm: Crm) -> None:
    if not isinstance(crm, ChangesTasks):
        pytest.skip("this CRM's tasks cannot be changed")
    first, second = (task(ground, key, ground.colleague_id) for key in ("alert-3", "alert-4"))
    kept = crm.create_task(first)
    newer = replace(first, subject="Call them", body="Less is left.", due_on=date(2026, 12, 24))
    assert crm.change_task(kept, newer)
    (found,) = [each for each in ground.tasks() if each["id"] == kept]
    assert (found["subject"], found["body"], found["due_on"]) == ("Call them [alert-3]", "Less is left.", "2026-12-24")
    assert crm.create_task(newer) == kept, "it is still found by its key"
    assert crm.change_task(kept, newer, done=True)
    assert not crm.change_task(kept, first, done=True), "it is completed already"
    assert next(each for each in ground.tasks() if each["id"] == kept)["subject"] == "Call them [alert-3]"
    gone = crm.create_task(second)
    ground.delete_task(gone)
    assert not crm.change_task(gone, second)


def test_a_task_for_someone_who_left_is_refused(ground: Ground, crm: Crm) -> None:
    with pytest.raises(Fatal) as caught:
        crm.create_task(task(ground, "alert-2", ground.inactive_user_id))
    assert "no longer active" in caught.value.message
    assert not [each for each in ground.tasks() if "alert-2" in each["subject"]]
