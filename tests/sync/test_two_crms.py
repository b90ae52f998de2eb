"""Companies with records in two CRMs: matched, scored once, written to both, and kept in agreement."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sync import mirror
from sync.alerts import due
from sync.governance import overriding
from sync.matching import matches, parity
from sync.models import AuditEvent, Change, Finding, Match, Notice, Override, Run
from sync.reading import dirty
from sync.run import TRIES
from sync.writing import undoing
from tests.sync.both_stage import SHARED, BothStage
from tests.sync.stage import TODAY

SEGMENT, SOURCE = "Tierline_Segment__c", "tierline_segment_source"


def pair(both: BothStage) -> Match:
    """A company in both CRMs whose records hold a segment."""
    held = (each for each in both.matches() if both.account(each.first_record, SEGMENT)[SEGMENT])
    return next(held)


def other_segment(both: BothStage, match: Match, *but: str) -> str:
    held = both.account(match.first_record, SEGMENT)[SEGMENT]
    return next(each for each in ("energy", "manufacturing", "services") if each not in (held, *but))


def test_a_company_in_both_is_scored_once_and_both_records_show_it(both: BothStage) -> None:
    done = Run.objects.get()
    sure, proposed = both.matches(), both.matches("proposed")
    assert (len(sure), len(proposed)) == (SHARED - SHARED // 5, SHARED // 5)
    assert done.counts["accounts_scored"] == done.counts["accounts_in_scope"] == sum(done.counts["tiers"].values())
    assert {match.decided_by for match in sure} == {"Tierline"}
    for match in sure:
        lead, other = (both.state(*record) for record in match.records)
        assert (lead.tier, lead.value_score, lead.tier_since) == (other.tier, other.value_score, other.tier_since)
        results = [state.score.result for state in (lead, other) if state.score]
        assert {each["scored_under"] for each in results} == {match.first_record}
        assert [each["counted_with"] for each in results] == [
            f"Together with its record in marketing, {match.second_name}.",
            f"Together with its record in sales, {match.first_name}.",
        ]
        ours = both.account(match.first_record, SEGMENT, "Tierline_Tier__c")
        theirs = both.company(match.second_record, "tierline_segment", "tierline_tier")
        assert list(ours.values()) == list(theirs.values())
    again = both.run()
    assert again.counts["records_planned"] == 0
    assert {match.common["segment"] for match in both.matches()} >= {pair(both).common["segment"]}


def test_what_a_person_confirms_is_scored_together_and_what_is_rejected_stays_apart(both: BothStage) -> None:
    yes, no = both.matches("proposed")
    matches.confirm([yes], "kim")
    matches.reject([no], "kim")
    run = both.run(Run.Kind.INCREMENTAL)
    seen = {state.record_id for each in (both.salesforce, both.hubspot) for state in each.accounts.filter(seen_in=run)}
    assert {record for match in (yes, no) for _, record in match.records} <= seen
    score = both.state(*yes.records[1]).score
    assert score is not None
    assert score.result["scored_under"] == yes.first_record
    assert both.run().counts["records_planned"] == 0
    assert [each.pk for each in both.matches("rejected")] == [no.pk], "a full look does not propose it again"

    matches.reject([yes], "kim")
    both.run(Run.Kind.INCREMENTAL)
    score = both.state(*yes.records[1]).score
    assert score is not None
    assert score.result.get("scored_under") is None
    kept = AuditEvent.objects.filter(actor="kim").order_by("pk").values_list("action", flat=True)
    assert list(kept) == ["match confirmed", "match rejected", "match rejected"]


def looked_in(both: BothStage) -> int:
    with mirror.writing(both.portfolio.pk) as copy:
        (found,) = copy.database.execute("SELECT run FROM tierline_looked").fetchall()
    return int(found[0])


def test_a_micro_batch_compares_companies_only_where_a_name_or_address_has_changed(both: BothStage) -> None:
    full = looked_in(both)
    both.run(Run.Kind.INCREMENTAL)
    assert looked_in(both) == full
    both.edit_account(both.matches("proposed")[0].first_record, Website="https://moved.example")
    assert looked_in(both) == full
    assert both.run(Run.Kind.INCREMENTAL).pk == looked_in(both)


def test_an_edit_in_each_since_they_agreed_is_a_finding_whatever_the_model_prefers(
    both: BothStage, tmp_path: Path
) -> None:
    both.run()  # both agree, and that is known
    both.publish(("segment: ask", "segment: salesforce"), folder=tmp_path)
    match = pair(both)
    mine = other_segment(both, match)
    theirs = other_segment(both, match, mine)
    both.edit_account(match.first_record, **{SEGMENT: mine})
    both.edit_company(match.second_record, tierline_segment=theirs)
    both.run()
    assert both.account(match.first_record, SEGMENT)[SEGMENT] == mine
    assert both.company(match.second_record, "tierline_segment")["tierline_segment"] == theirs
    (finding,) = Finding.objects.filter(rule="crms_differ")
    assert (finding.connection.kind, finding.record_id) == ("salesforce", match.first_record)
    assert "Both were changed since" in finding.message
    assert "record was last saved by" in finding.message, "Salesforce says no more"
    assert "Admin User, 20" in finding.message, "HubSpot says who set the property"
    assert match.second_record in finding.fix
    assert finding.alert is not None
    told = parity.report(both.portfolio)
    assert told is not None
    (row,) = told.rows
    assert (row.key, row.values, row.asked) == ("segment", (mine, theirs), True)
    assert "Admin User, 20" in row.edits[1]
    assert row.urls[1].endswith(match.second_record)
    assert (told.lines["segment"].different, told.lines["tier"].different) == (1, 0)

    both.run()
    assert Finding.objects.filter(rule="crms_differ").count() == 1
    assert due.waiting(both.portfolio) == 0
    both.edit_company(match.second_record, tierline_segment=mine)
    both.run(Run.Kind.INCREMENTAL)
    finding.refresh_from_db()
    assert finding.state == Finding.State.RESOLVED, "the edit in the CRM mends it"
    assert both.matches()[0].differences == {}


def test_an_edit_in_one_is_asked_about_or_carried_across_as_the_model_says_and_undone_exactly(
    both: BothStage, tmp_path: Path
) -> None:
    both.run()
    match = pair(both)
    before = both.company(match.second_record, "tierline_segment", SOURCE)
    mine = other_segment(both, match)
    both.edit_account(match.first_record, **{SEGMENT: mine})
    both.run()
    assert both.company(match.second_record, "tierline_segment", SOURCE) == before, "nobody's value is written over"
    (finding,) = Finding.objects.filter(rule="crms_differ")
    assert "before" in finding.message

    both.publish(("segment: ask", "segment: carry"), folder=tmp_path)
    run = both.run()
    after = {"tierline_segment": mine, SOURCE: "from Salesforce"}
    assert both.company(match.second_record, "tierline_segment", SOURCE) == after
    finding.refresh_from_db()
    assert finding.state == Finding.State.RESOLVED
    assert both.run().counts["records_planned"] == 0

    undone = both.work(undoing.create(run, "kim"))
    assert undone.state == Run.State.DONE
    assert both.company(match.second_record, "tierline_segment", SOURCE) == before
    both.run()
    assert both.company(match.second_record, "tierline_segment", SOURCE) == before, "what was undone stays undone"


def unreachable(both: BothStage, *, since: str = "") -> None:
    """HubSpot answers nothing any more, or no more of these paths."""
    rule = {"action": "status", "status": 503, "times": 0, "path": since}
    both.portal_crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()


def reachable(both: BothStage) -> None:
    both.portal_crm.request("DELETE", "/__sandbox__/faults").raise_for_status()


def published(both: BothStage, match: Match) -> list[tuple[str | None, str | None]]:
    """Segment and tier, here and there."""
    here = both.account(match.first_record, SEGMENT, "Tierline_Tier__c")
    there = both.company(match.second_record, "tierline_segment", "tierline_tier")
    return list(zip(here.values(), there.values(), strict=True))


def test_one_crm_that_does_not_answer_is_left_out_and_taken_up_by_the_next_run(both: BothStage) -> None:
    match = pair(both)
    before, held = published(both, match), both.state(*match.records[1]).score
    both.edit_account(match.first_record, Type="Other")  # no customer any more: both records lose their tier
    unreachable(both)
    run = both.work(both.start(), attempts=TRIES - 1)
    assert run.state == Run.State.DONE, run.error
    assert "marketing was left out" in run.notice
    assert Notice.objects.filter(key__contains=f"run-{run.pk}-left-out").count() == 1
    assert not run.changes.filter(connection=both.hubspot).exists()
    assert published(both, match)[1] == (None, before[1][1])
    assert both.state(*match.records[1]).score == held, "nothing of it is told that was not written"
    assert len(both.matches()) == SHARED - SHARED // 5

    reachable(both)
    after = both.run(Run.Kind.INCREMENTAL)
    assert published(both, match)[1] == (None, None)
    assert after.notice == ""
    assert both.run().counts["records_planned"] == 0


def test_a_crm_that_breaks_off_between_the_two_writes_is_written_by_the_next_run(both: BothStage) -> None:
    match = pair(both)
    both.edit_account(match.first_record, Type="Other")
    unreachable(both, since="/batch/update")
    run = both.work(both.start(), attempts=TRIES - 1)
    assert run.state == Run.State.DONE, run.error
    (change,) = run.changes.filter(record_id=match.second_record)
    assert (change.state, change.message.startswith("marketing was left out")) == (Change.State.UNPROCESSED, True)
    assert published(both, match)[1][0] is None
    assert published(both, match)[1][1]
    reachable(both)
    both.run(Run.Kind.INCREMENTAL)
    assert published(both, match)[1] == (None, None)


def test_one_crm_at_its_daily_limit_waits_alone_and_is_taken_up_when_it_takes_calls_again(both: BothStage) -> None:
    match = pair(both)
    before = published(both, match)[1][1]
    both.edit_account(match.first_record, Type="Other")
    daily = {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY", "message": "daily limit"}
    for path in ("/batch/update", ""):  # it is reached in mid-run; all day the next ones meet it at once
        rule = {"action": "status", "status": 429, "times": 0, "reply": daily, "path": path}
        both.portal_crm.request("POST", "/__sandbox__/faults", json=[rule]).raise_for_status()
        run = both.run(Run.Kind.INCREMENTAL if path == "" else Run.Kind.FULL)
        assert "marketing was left out" in run.notice
        assert "no more API calls today" in run.notice
        assert published(both, match)[1] == (None, before)
        assert dirty.waiting(both.portfolio), "a micro-batch looks again soon"
    assert not run.changes.filter(connection=both.hubspot).exists()
    assert Notice.objects.filter(key__contains="left-out").count() == 1, "one mail a day, not one for every try"

    reachable(both)
    both.run(Run.Kind.INCREMENTAL)
    assert published(both, match)[1] == (None, None)
    assert not dirty.waiting(both.portfolio)
    assert both.run().counts["records_planned"] == 0


def test_a_merge_on_one_side_releases_the_match_and_the_survivor_is_matched(both: BothStage) -> None:
    one, two, *_ = (match for match in both.matches() if match.how == "external id")
    both.org.merge("Account", two.first_record, [one.first_record])
    both.run()
    one.refresh_from_db()
    assert one.state == Match.State.RELEASED
    left, kept = both.state(*one.records[1]).score, both.state(*two.records[1]).score
    assert left is not None
    assert left.result.get("scored_under") is None, "its records count for itself again"
    assert kept is not None
    assert kept.result["scored_under"] == two.first_record
    (audited,) = AuditEvent.objects.filter(action="match released")
    assert (audited.actor, audited.detail["match"]) == ("Tierline", one.pk)


def test_an_override_asked_for_in_one_crm_holds_for_both(both: BothStage) -> None:
    match = pair(both)
    here, there = (both.state(*record) for record in match.records)
    tier = next(each for each in ("gold", "bronze") if each != here.tier)
    until = TODAY + timedelta(days=60)
    why = {"reason": "strategic", "comment": "Opens the Baltic market", "until": until, "today": TODAY}
    asked = overriding.request(there, tier, "mika", kind="lock", **why)  # type: ignore[arg-type]
    overriding.approve(asked, "anna", today=TODAY)
    both.run(Run.Kind.INCREMENTAL)
    assert published(both, match)[1] == (tier, tier)
    again = overriding.request(both.state(*match.records[0]), here.tier, "mika", kind="lock", **why)  # type: ignore[arg-type]
    overriding.approve(again, "anna", today=TODAY)
    asked.refresh_from_db()
    assert asked.state == Override.State.EXPIRED, "there is one override for a company"
    both.run(Run.Kind.INCREMENTAL)
    assert published(both, match)[1] == (here.tier, here.tier)
    assert both.run().counts["records_planned"] == 0
