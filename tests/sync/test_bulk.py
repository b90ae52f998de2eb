"""Large reads and writes as bulk jobs of the CRM: the same end as small ones, also when workers and jobs die."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.salesforce import Salesforce
from sync import jobs, mirror
from sync.models import Change, Load, Run
from sync.writing import loading
from tests.sync.stage import Stage

INGEST = r"/jobs/ingest$"


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sixty accounts count as many."""
    monkeypatch.setattr(Salesforce, "bulk_from", 10)
    monkeypatch.setattr(loading, "LARGE", 10)
    monkeypatch.setattr(loading, "SIZE", 25)


def requests(stage: Stage, method: str, part: str) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = stage.crm.request("GET", "/__sandbox__/log").json()
    return [entry for entry in log if entry["method"] == method and part in entry["path"]]


def tables(stage: Stage) -> dict[str, Any]:
    with mirror.reading(stage.portfolio.pk) as held:
        return {kind: table.order_by("id").to_pandas() for kind, table in held.items()}


def test_a_run_in_bulk_ends_like_one_by_one(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    run = stage.run()
    assert run.state == Run.State.DONE, run.error
    assert run.counts["records_verified"] == run.changes.count() > 25
    assert Load.objects.filter(done=True).count() == 3
    assert requests(stage, "POST", "/jobs/query")
    assert not [entry for entry in requests(stage, "PATCH", "/composite/sobjects") if "Account" in str(entry)]
    in_bulk = tables(stage)
    monkeypatch.setattr(Salesforce, "bulk_from", 10**9)
    mirror.path(stage.portfolio.pk).unlink()
    second = stage.run()
    assert second.counts["records_planned"] == 0
    for kind, table in tables(stage).items():
        if kind not in ("account", "activity"):  # our values and tasks were written in between
            assert table.equals(in_bulk[kind]), kind


def test_a_storm_of_time_stamps_is_read_in_bulk_and_changes_nothing(after_run: Stage) -> None:
    """A picklist that is edited, a roll-up: many accounts move, none of them for us. One is gone besides."""
    rows = after_run.query("SELECT Id, Description FROM Account ORDER BY Id")
    after_run.org.update("Account", [{"Id": row["Id"], "Description": "Seen"} for row in rows])
    gone = after_run.query("SELECT Id FROM Account WHERE Type = 'Prospect' LIMIT 1")[0]["Id"]
    after_run.org.delete("Account", [gone])
    run = after_run.run()
    assert run.state == Run.State.DONE, run.error
    assert requests(after_run, "POST", "/jobs/query")
    assert not run.changes.exists()
    assert len(tables(after_run)["account"]) == len(rows) - 1
    assert set(tables(after_run)["account"]["id"]) == {row["Id"] for row in rows} - {gone}


def until_loading(planned: Stage) -> Run:
    return planned.work(Run.objects.get(), until=Run.Step.SEND)


def test_a_worker_that_dies_before_the_upload_gives_the_job_up_and_sends_once(planned: Stage) -> None:
    run = until_loading(planned)
    planned.fault(method="PUT", path="/batches", nth=1, when="before", action="drop")
    planned.unit(run)
    abandoned = Load.objects.get()
    run = planned.work(run)
    assert run.counts["records_verified"] == run.changes.count()
    states = {entry["path"] for entry in requests(planned, "PATCH", f"/jobs/ingest/{abandoned.job}")}
    assert states
    assert planned.crm.request("GET", f"jobs/ingest/{abandoned.job}").json()["state"] == "Aborted"


def test_an_upload_whose_answer_was_lost_is_not_trusted(planned: Stage) -> None:
    run = until_loading(planned)
    planned.fault(method="PUT", path="/batches", nth=1, when="after", action="drop")
    run = planned.work(run)
    assert run.counts["records_verified"] == run.changes.count()
    assert run.counts["records_superseded"] == 0


def test_a_job_that_was_begun_is_waited_for_by_the_next_worker(planned: Stage) -> None:
    planned.org.set_setting("bulk_delay", 0.5)
    run = until_loading(planned)
    planned.fault(method="PATCH", path="/jobs/ingest/", nth=1, when="after", action="drop")
    planned.unit(run)
    job = Load.objects.get().job
    run = planned.work(run)
    assert run.counts["records_verified"] == run.changes.count()
    assert planned.crm.request("GET", f"jobs/ingest/{job}").json()["state"] == "JobComplete"


def test_a_busy_job_is_looked_at_ever_less_often(planned: Stage) -> None:
    run = until_loading(planned)
    planned.org.set_setting("bulk_delay", 2)
    pauses = []
    for _ in range(4):
        planned.unit(run)
        run.refresh_from_db()
        assert run.not_before is not None
        pauses.append(round((run.not_before - run.touched_at).total_seconds()))
        assert not jobs.work(run.pk)
    assert pauses == sorted(pauses)
    assert pauses[0] < pauses[-1]


def test_refused_rows_of_a_load_are_data(planned: Stage) -> None:
    run = until_loading(planned)
    row = run.changes.filter(after__has_key="Tierline_Tier__c").first()
    assert row is not None
    Change.objects.filter(pk=row.pk).update(after={**row.after, "Tierline_Tier__c": "no_such_tier"})
    run = planned.work(run)
    assert run.state == Run.State.DONE
    assert run.counts["records_failed"] == 1
    row.refresh_from_db()
    assert row.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert run.counts["records_verified"] == run.changes.count() - 1


def test_a_bulk_read_the_crm_lost_is_started_again(stage: Stage) -> None:
    run = stage.start()
    stage.unit(run)
    run.refresh_from_db()
    bulk = run.progress["pull"]["bulk"]
    assert bulk
    lost = {key: {**job, "read": job["read"].replace("750", "75Z")} for key, job in bulk.items()}
    Run.objects.filter(pk=run.pk).update(progress={"pull": {**run.progress["pull"], "bulk": lost}})
    run = stage.work(run)
    assert run.state == Run.State.DONE, run.error
