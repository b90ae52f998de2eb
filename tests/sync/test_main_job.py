"""The whole line against a served CRM: what is written, what is left alone, and what becomes of every row."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.core import mail
from django.db import transaction
from django.utils import timezone

from sync import lease
from sync.alerts import due, todos
from sync.models import (
    AccountState,
    Alert,
    Change,
    Connection,
    Delivery,
    Finding,
    Override,
    Owner,
    QualityScore,
    Run,
    Score,
    Todo,
)
from tests.sync.stage import TODAY, Stage

PUSH = {"method": "PATCH", "path": "/composite/sobjects"}


def outcomes(run: Run) -> dict[str, int]:
    states = list(run.changes.values_list("state", flat=True))
    return {state: states.count(state) for state in set(states)}


def comparable(stage: Stage) -> dict[str, dict[str, Any]]:
    return stage.own_values()


def test_the_first_run_fills_scores_and_verifies(stage: Stage) -> None:
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == stage.query("SELECT COUNT(Id) n FROM Account")[0]["n"]
    assert run.counts["records_written"] == run.counts["records_verified"] > 0
    assert outcomes(run) == {"verified": run.counts["records_verified"]}
    in_scope = AccountState.objects.filter(in_scope=True)
    values = stage.own_values()
    assert all(values[state.record_id]["Tierline_Tier__c"] == state.tier for state in in_scope)
    outside = AccountState.objects.filter(in_scope=False)
    assert outside.exists()
    assert not any(values[state.record_id]["Tierline_Tier__c"] for state in outside)


def test_a_second_run_writes_nothing_and_alerts_nobody_again(after_run: Stage) -> None:
    before, sent, tasks = comparable(after_run), len(mail.outbox), after_run.query("SELECT COUNT(Id) n FROM Task")
    scores = Score.objects.count()
    again = after_run.run()
    assert again.counts["records_planned"] == 0
    assert again.counts["accounts_read"] == len(before)
    assert comparable(after_run) == before
    assert (len(mail.outbox), after_run.query("SELECT COUNT(Id) n FROM Task")) == (sent, tasks)
    assert Score.objects.count() == scores


def test_a_run_a_day_later_inside_the_period_writes_nothing(after_run: Stage) -> None:
    later = after_run.run(TODAY + timedelta(days=1))
    assert later.state == Run.State.DONE
    assert later.counts["records_planned"] == 0


def test_at_the_turn_all_are_scored_again_and_only_what_reads_differently_is_written(after_run: Stage) -> None:
    before, marks = comparable(after_run), dict(AccountState.objects.values_list("record_id", "score__digest"))
    turn = after_run.run(date(2026, 12, 1))
    assert turn.state == Run.State.DONE, turn.error
    assert turn.counts["whole"] is True
    after = comparable(after_run)
    written = {change.record_id: change for change in turn.changes.filter(kind="account")}
    assert {account for account in after if after[account] != before[account]} == set(written)
    assert 0 < len(written) < len(after), "the window moved for some, and others say what they said"
    for account, change in written.items():
        assert {name for name, value in after[account].items() if value != before[account][name]} == set(change.after)
    now = dict(AccountState.objects.values_list("record_id", "score__digest"))
    anew = set(Score.objects.filter(run=turn).values_list("account__record_id", flat=True))
    assert anew == {account for account in now if now[account] != marks[account]}
    assert after_run.run(date(2026, 12, 2)).counts["records_planned"] == 0


def test_it_does_not_overwrite_what_people_entered(after_run: Stage, before_run: dict[str, dict[str, Any]]) -> None:
    entered = {
        record_id: values["Tierline_Segment__c"]
        for record_id, values in before_run.items()
        if values["Tierline_Segment__c"]
    }
    assert entered
    now = after_run.own_values()
    assert {record_id: now[record_id]["Tierline_Segment__c"] for record_id in entered} == entered
    assert not any(now[record_id]["Tierline_Segment_Source__c"] for record_id in entered)


def test_an_edit_between_plan_and_send_survives_and_is_reported(planned: Stage) -> None:
    stage, run = planned, planned.work(Run.objects.get(), until=Run.Step.SEND)
    row = run.changes.filter(after__has_key="Tierline_Segment__c").first()
    assert row is not None
    other = next(
        key
        for key in ("energy", "industry", "services", *_segments(stage))
        if key in _segments(stage) and key != row.after["Tierline_Segment__c"]
    )
    assert stage.org.update("Account", [{"Id": row.record_id, "Tierline_Segment__c": other}])[0].success
    run = stage.work(run)
    row.refresh_from_db()
    assert row.state == Change.State.SUPERSEDED
    assert "Segment is now" in row.message
    assert row.next_step
    assert run.counts["records_superseded"] == 1
    assert stage.own_values()[row.record_id]["Tierline_Segment__c"] == other
    following = stage.run()
    assert stage.own_values()[row.record_id]["Tierline_Segment__c"] == other
    assert following.counts["records_written"] == 1  # its tier, which the first run did not send


def _segments(stage: Stage) -> list[str]:
    field = stage.org.object("Account").fields["Tierline_Segment__c"]
    values = field.values or stage.org.value_sets()[field.value_set].entries
    return [value.value for value in values]


def test_a_persons_tier_stays_and_becomes_an_override_request(after_run: Stage) -> None:
    state = AccountState.objects.filter(tier="bronze").first()
    assert state is not None
    after_run.org.update("Account", [{"Id": state.record_id, "Tierline_Tier__c": "platinum"}])
    run = after_run.run()
    assert run.counts["records_planned"] == 0
    assert after_run.own_values()[state.record_id]["Tierline_Tier__c"] == "platinum"
    override = Override.objects.get(state="requested")
    assert (override.account, override.field, override.value, override.computed) == (
        state,
        "tier",
        "platinum",
        "bronze",
    )
    after_run.org.update("Account", [{"Id": state.record_id, "Tierline_Tier__c": "bronze"}])
    after_run.run()
    assert not Override.objects.filter(state="requested").exists()


def test_a_lost_answer_is_neither_sent_twice_nor_taken_for_an_edit(planned: Stage) -> None:
    planned.fault(**PUSH, when="after", action="drop", times=1)
    run = planned.work(Run.objects.get())
    assert run.state == Run.State.DONE, run.error
    assert outcomes(run) == {"verified": run.changes.count()}
    assert not Override.objects.exists()
    assert planned.run().counts["records_planned"] == 0


def test_a_run_that_gives_up_gives_every_row_an_outcome_and_the_next_one_mends_it(planned: Stage) -> None:
    stage, run = planned, planned.work(Run.objects.get(), until=Run.Step.SEND)
    stage.fault(**PUSH, when="after", action="drop", times=0)
    stage.fault(method="POST", path="/composite/sobjects/Account", action="status", status=503, times=0, nth=2)
    run = stage.work(run)
    assert run.state == Run.State.FAILED
    assert run.error
    assert run.next_step
    assert set(outcomes(run)) <= set(Change.OUTCOMES)
    stage.crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    mended = stage.run()
    assert mended.state == Run.State.DONE
    assert not Override.objects.exists()
    assert stage.run().counts["records_planned"] == 0


def test_bad_rows_do_not_stop_good_ones_and_are_not_sent_again_unchanged(planned: Stage) -> None:
    stage, run = planned, planned.work(Run.objects.get(), until=Run.Step.SEND)
    field = stage.org.object("Account").fields["Tierline_Tier__c"]
    values = stage.org.value_sets()[field.value_set]
    from dataclasses import replace

    entries = tuple(replace(entry, active=entry.value != "gold") for entry in values.entries)
    stage.org.save_value_set(replace(values, entries=entries))
    run = stage.work(run)
    rejected = run.changes.filter(state=Change.State.REJECTED)
    gold = [change.pk for change in run.changes.all() if change.after.get("Tierline_Tier__c") == "gold"]
    assert gold
    assert sorted(rejected.values_list("pk", flat=True)) == sorted(gold)
    assert {row.code for row in rejected} == {"INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"}
    assert all(row.message and row.next_step for row in rejected)
    assert run.counts["records_verified"] + run.counts["records_failed"] == run.counts["records_written"]
    drifted = stage.run()
    assert drifted.state == Run.State.FAILED
    assert 'the model has "Gold", the org does not' in drifted.error
    assert "tierline schema plan" in drifted.next_step
    assert stage.connection.drift
    stage.org.save_value_set(values)
    again = stage.run()
    assert again.counts["records_held_back"] == rejected.count()
    told = {row.record_id for row in again.changes.all()}
    assert told
    assert told <= set(rejected.values_list("record_id", flat=True)), "only that these now lack a value"
    assert {tuple(row.after) for row in again.changes.all()} == {("Tierline_Data_Quality__c",)}
    assert not stage.run().changes.exists()
    assert not stage.connection.drift


def test_a_revoked_login_stops_the_run_and_asks_to_reconnect(stage: Stage) -> None:
    run = stage.work(stage.start(), until=Run.Step.SCORE)
    stage.fault(
        path="/services/data",
        action="status",
        status=401,
        times=0,
        reply=[{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
    )
    run = stage.work(run)
    assert run.state == Run.State.FAILED
    assert stage.connection.state == Connection.State.RECONNECT
    assert set(outcomes(run)) == {"unprocessed"}


def our_tasks(stage: Stage) -> list[dict[str, Any]]:
    return stage.query("SELECT Id, Subject, Description, OwnerId, IsClosed FROM Task WHERE Subject LIKE '%[TL-%'")


def test_one_mail_and_one_task_per_person_which_is_kept_up_to_date(after_run: Stage) -> None:
    stage = after_run
    alerts = Alert.objects.all()
    assert alerts
    assert len({(alert.owner_id, alert.rule) for alert in alerts}) == len(alerts)
    told = Delivery.objects.filter(channel="email", state="sent").count()
    assert told == len({alert.owner_id for alert in alerts}) < len(alerts)
    tasks = our_tasks(stage)
    assert len(tasks) == len({alert.owner_id for alert in alerts})
    active = {row["Id"] for row in stage.query("SELECT Id FROM User WHERE IsActive = true")}
    assert {task["OwnerId"] for task in tasks} <= active
    assert Finding.objects.filter(state="open", alert=None).count() == 0
    mended, left, stubborn, calm = Owner.objects.filter(todos__ended="").order_by("pk")[:4]

    def settle(now: datetime) -> None:
        with transaction.atomic():
            todos.keep(stage.portfolio)
        for todo in due.todos(stage.portfolio, now):
            todos.send(todo, now)

    # What a run does when one person has mended everything, and the others a record each; one ended his task himself.
    one_each = [Finding.objects.filter(alert__owner=each).first() for each in (left, stubborn)]
    gone = [each.pk for each in one_each if each] + list(
        Finding.objects.filter(alert__owner=mended).values_list("pk", flat=True)
    )
    Finding.objects.filter(pk__in=gone).update(state="resolved")
    alone = {task["OwnerId"]: task for task in tasks}
    stage.org.update("Task", [{"Id": alone[stubborn.record_id]["Id"], "Status": "Completed"}])
    settle(timezone.now())
    after = {task["OwnerId"]: task for task in our_tasks(stage)}
    assert len(our_tasks(stage)) == len(tasks), "nobody has a second one"
    assert after[mended.record_id]["IsClosed"]
    assert after[mended.record_id]["Subject"].startswith("Nothing is left to mend")
    assert after[left.record_id]["Subject"] != alone[left.record_id]["Subject"]
    assert after[calm.record_id] == alone[calm.record_id]
    assert after[stubborn.record_id]["Subject"] == alone[stubborn.record_id]["Subject"], "it stays as he left it"
    # Something new comes up for both who have no open task any more.
    Finding.objects.filter(pk__in=gone).update(state="open", opened_at=timezone.now())
    settle(timezone.now())
    settle(timezone.now())
    # A worker is killed after the CRM has made the task and before that is recorded: it is looked up, not made again.
    Todo.objects.filter(owner=calm).update(state="pending", reference="", sent_at=None)
    settle(timezone.now() + timedelta(minutes=5))
    assert Todo.objects.get(owner=calm).reference == alone[calm.record_id]["Id"]
    again = our_tasks(stage)
    assert len(again) == len(tasks) + 2
    assert sorted(task["OwnerId"] for task in again if not task["IsClosed"]) == sorted(alone)


#: Whoever buys anything ought to be in services: what is bought is read with the other records.
CONTRADICTION = "{when: {field: main_product_family, missing: false}, segment: [services]}"


def test_mending_the_record_in_the_crm_resolves_the_finding(stage: Stage, tmp_path: Path) -> None:
    stage.publish(("quality:\n", f"quality:\n  contradictions: [{CONTRADICTION}]\n"), folder=tmp_path)
    stage.run()
    told = Finding.objects.filter(rule="contradicts", message__contains="its main product family is")
    assert {finding.field for finding in told} == {"segment"}
    before = QualityScore.objects.get(by="all").completeness or 0
    finding = (
        Finding.objects.filter(rule="missing", state="open", field="segment").first()
        or Finding.objects.filter(rule="missing", state="open").first()
    )
    assert finding is not None
    name = {"segment": "Tierline_Segment__c", "sub_segment": "Tierline_Sub_Segment__c"}.get(
        finding.field, "Tierline_Value_Profile__c"
    )
    field = stage.org.object("Account").fields[name]
    entries = field.values or stage.org.value_sets()[field.value_set].entries
    stage.org.update("Account", [{"Id": finding.record_id, name: entries[0].value}])
    stage.run()
    finding.refresh_from_db()
    assert finding.state == "resolved"
    assert (QualityScore.objects.get(by="all").completeness or 0) > before


def test_a_second_worker_finds_the_run_taken(stage: Stage) -> None:
    run = stage.start()
    for step in (Run.Step.PULL, Run.Step.SCORE, Run.Step.PLAN, Run.Step.SEND, Run.Step.VERIFY):
        run = stage.work(run, until=step)
        token = lease.claim(run.pk)
        assert token, step
        assert lease.claim(run.pk) is None, step
        lease.release(run.pk, token)
