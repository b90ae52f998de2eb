"""The whole job on HubSpot: read, score, write, verify; details on the company, people's edits kept, undo exact."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from admin import portfolios
from connectors.hubspot import Hubspot
from connectors.sandbox.portal.writes import Change as Edit
from sync.models import AccountState, Change, Override, Run
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
