"""The whole job on HubSpot: read, score, write, verify; details on the company, people's edits kept, undo exact."""

from __future__ import annotations

from datetime import date
from operator import itemgetter
from pathlib import Path

import pytest

from admin import portfolios
from admin.views.alerts import described
from connectors.hubspot import Hubspot
from connectors.hubspot.kinds import DEFAULTS
from connectors.sandbox.portal.writes import Change as Edit
from sync import labels, mirror
from sync.models import AccountState, Change, Finding, Override, Run
from sync.writing import undoing
from tests.sync.hubspot_stage import COMPANIES, HubspotStage


def test_the_job_on_hubspot_from_reading_to_undo(hub: HubspotStage) -> None:
    theirs = {name: hub.records(name, ours=False) for name in ("companies", "deals")}
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.changes.count() == run.changes.filter(state=Change.State.VERIFIED).count() > 2 * COMPANIES
    written = hub.records("companies", ours=True)
    assert len(written) == COMPANIES
    one = next(iter(written.values()))
    assert one["tierline_tier"]
    assert one["tierline_value_score"]
    assert "%" in one["tierline_reasons"]
    assert run.counts["details_written"] == COMPANIES
    assert any(row["tierline_tier"] for row in hub.records("deals", ours=True).values())
    assert hub.tasks(), "findings become tasks of the owners"
    assert {name: hub.records(name, ours=False) for name in theirs} == theirs
    waiting = list(Finding.objects.filter(field="segment", state__in=Finding.WAITING).select_related("connection"))
    shown = described(waiting, labels.labels(hub.portfolio))
    assert shown
    assert all(row.only_in_crm and not row.can_be_fixed and row.url for row in shown), "nobody says who may edit"
    again = hub.run()
    assert (again.state, again.counts["records_planned"]) == (Run.State.DONE, 0)

    company, held = next((each, row) for each, row in written.items() if row["tierline_tier"] != "gold")
    hub.edit(company, tierline_tier="gold", tierline_reasons="Because I say so")
    assert hub.run(date(2018, 2, 1)).state == Run.State.DONE
    assert hub.records("companies", ours=True)[company]["tierline_tier"] == "gold"
    assert hub.records("companies", ours=True)[company]["tierline_reasons"] == "Because I say so"
    assert set(Override.objects.values_list("field", flat=True)) == {"tier", "detail_reasons"}

    hub.edit(company, tierline_tier=held["tierline_tier"], tierline_reasons=held["tierline_reasons"])
    undo = hub.work(undoing.create(run, "test"))
    assert undo.state == Run.State.DONE, undo.error
    left = hub.records("companies", ours=True)
    assert all(value is None for record, row in left.items() if record != company for value in row.values())


def test_many_records_are_read_page_by_page_and_those_that_are_gone_leave_the_mirror(
    hub: HubspotStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Hubspot, "bulk_from", 10)
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == COMPANIES
    assert not run.changes.exclude(state=Change.State.VERIFIED).exists()
    assert hub.run().counts["records_planned"] == 0
    late = hub.changed_while_the_index_lags()
    assert hub.run().counts["records_planned"] == 0
    hub.portal.set_setting("search_lag", 0)
    assert hub.run().changes.filter(record_id=late).exists()
    kind = hub.portal.kinds()["companies"]
    first, second, third, *_ = sorted(hub.records("companies", ours=True))
    hub.portal.archive(kind, [first])
    merged = str(hub.portal.merge(kind, second, third))
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["accounts_read"] == COMPANIES - 2
    assert hub.records("companies", ours=True)[merged]["tierline_tier"]


def test_a_run_that_follows_while_the_index_lags_plans_nothing_again(hub: HubspotStage) -> None:
    """No search finds yet what the first run has written; what it read back is known all the same."""
    hub.portal.set_setting("search_lag", 3600)
    first = hub.run()
    assert first.counts["records_verified"] > 0
    for again in (hub.run(), hub.incremental()):
        assert again.state == Run.State.DONE, again.error
        assert again.counts["records_planned"] == 0
        assert not again.changes.exists()
    assert not Override.objects.exists(), "nobody cleared anything"
    hub.work(undoing.create(first, "test"))
    line = hub.field("data_quality")
    assert {tuple(row.after) for row in hub.run().changes.all()} <= {(line,)}, "and what was taken back stays so"
    hub.portal.set_setting("search_lag", 0)
    assert hub.run().counts["records_planned"] == 0


def test_a_search_that_finds_a_company_as_it_was_before_our_write_is_not_believed(hub: HubspotStage) -> None:
    """What its index holds of a company that was changed just before us is older than what we read back."""
    company = next(iter(hub.own_values()))
    names = hub.layout.columns("account", DEFAULTS["account"]).values()
    asked = {"properties": [name for name in names if "." not in name], "limit": 200}
    filters = [{"propertyName": "hs_object_id", "operator": "EQ", "value": company}]
    before = hub.crm.request("POST", SEARCH, json={**asked, "filterGroups": [{"filters": filters}]}).json()
    first = hub.run()
    assert first.changes.filter(record_id=company, state=Change.State.VERIFIED).exists()
    hub.fault(method="POST", path="/objects/companies/search", action="status", status=200, reply=before, times=0)
    again = hub.run()
    assert (again.state, again.counts["records_planned"]) == (Run.State.DONE, 0)
    assert not Override.objects.exists(), "nobody cleared anything"
    hub.crm.request("DELETE", "/__sandbox__/faults").raise_for_status()
    hub.edit(company, tierline_tier="gold" if hub.own_values()[company]["tierline_tier"] != "gold" else "silver")
    assert hub.run().state == Run.State.DONE
    assert Override.objects.filter(field="tier").count() == 1, "what a person does counts as before"


SEARCH = "/crm/v3/objects/companies/search"


def test_an_account_that_counts_in_another_currency_is_refused_until_a_rate_converts_it(
    hub: HubspotStage, tmp_path: Path
) -> None:
    """The company's currency holds for every deal that names none; one that names its own is converted by that."""
    hub.portal.set_setting("currency", "EUR")
    run = hub.run()
    assert run.state == Run.State.FAILED
    assert run.error == f"Amounts of {hub.connection} are in EUR, the model counts in USD, and no rate converts them."
    assert "`currency: EUR`" in run.next_step

    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,0.5\nGBP,0.25\n")
    mapping = tmp_path / "rates.yaml"
    columns = "{id: currency, currency: currency, rate: rate}"
    mapping.write_text(f"sources:\n  - kind: rate\n    path: rates.csv\n    columns: {columns}\n")
    portfolios.add_files(hub.portfolio, "treasury", mapping, None)
    run = hub.run()
    assert run.state == Run.State.DONE, run.error
    states = AccountState.objects.filter(score__result__revenue__gt=0).order_by("-score__result__revenue")
    state = states[0]
    assert state.score is not None
    revenue = state.score.result["revenue"]
    deals = hub.portal.kinds()["deals"]
    won = [each for each, row in hub.records("deals", ours=False).items() if row["dealstage"] == "Won"]
    hub.portal.update(deals, [Edit(each, {"deal_currency_code": "GBP"}) for each in won])
    assert hub.run().state == Run.State.DONE
    state = AccountState.objects.get(pk=state.pk)
    assert state.score is not None
    assert abs(state.score.result["revenue"] - 2 * revenue) < 1


def test_what_people_did_with_a_customer_counts_as_it_does_in_salesforce(hub: HubspotStage, tmp_path: Path) -> None:
    """A meeting is a visit; what belongs to several companies counts for its oldest, a ticket for its primary one."""
    rates = "activities:\n    visit: {role: sales, minutes: 1000}\n    ticket: {role: sales, minutes: {High: 500}}"
    playbook = "playbook:\n  baseline: {contact_days: 90}\n\ntiers:\n"
    hub.publish(("activities:", rates), ("tiers:\n", playbook), folder=tmp_path)
    one, other = itemgetter(1, 9)(sorted(hub.own_values()))  # both have bought
    meeting, call = (
        hub.made(name, {"hs_timestamp": f"2017-06-{day}T10:00:00Z"}, (one, other))
        for name, day in (("meetings", 20), ("calls", 11))
    )
    ticket = hub.made(
        "tickets",
        {
            "subject": "Late",
            "hs_pipeline_stage": "1",
            "hs_ticket_priority": "HIGH",
            "createdate": "2017-06-05T10:00:00Z",
        },
        (other,),
    )
    assert hub.run().state == Run.State.DONE
    with mirror.reading(hub.portfolio.pk, "activity", "ticket") as tables:
        activities = {row["id"]: row for row in tables["activity"].to_pyarrow().to_pylist()}
        (row,) = tables["ticket"].to_pyarrow().to_pylist()
    assert (row["id"], row["account_id"], row["is_closed"]) == (ticket, other, False)
    assert row["opened_on"] == date(2017, 6, 5)
    assert [(activities[each]["activity_type"], activities[each]["account_id"]) for each in (meeting, call)] == [
        ("visit", one),
        ("call", one),
    ]
    told = {state.record_id: state.score.result for state in AccountState.objects.all() if state.score}
    assert told[one]["last_contact_on"] == "2017-06-20"
    assert told[other]["last_contact_on"] is None
    assert "visit" in str(told[one]["reasons"])
    assert "ticket" in str(told[other]["reasons"])
