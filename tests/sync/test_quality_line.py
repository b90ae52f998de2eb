"""The data-quality line of an account: written with the rest, when it says something else, and taken back whole."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync import starting
from sync.models import Finding, FindingEvent, Run
from sync.quality import lines as planned
from sync.quality import look
from sync.scores import evaluate
from sync.writing import undoing
from tests.sync.stage import TODAY, Stage

LINE = "Tierline_Data_Quality__c"


def lines(stage: Stage) -> dict[str, str]:
    return {record: values[LINE] for record, values in stage.own_values().items() if values[LINE]}


def with_findings(stage: Stage) -> set[str]:
    return set(Finding.objects.filter(state="open").exclude(account_id="").values_list("account_id", flat=True))


def findings() -> set[tuple[str, ...]]:
    rows = Finding.objects.exclude(state="resolved")
    return set(rows.values_list("rule", "kind", "record_id", "field", "value", "message", "fix", "owner_record_id"))


def incremental(stage: Stage) -> Run:
    return stage.work(starting.create(stage.portfolio, "test", kind=Run.Kind.INCREMENTAL, today=TODAY))


def written(run: Run) -> list[dict[str, Any]]:
    return list(run.changes.values_list("after", flat=True))


def test_lines_follow_the_records_and_an_undo_brings_the_old_ones_back(
    after_run: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planned, "MOST", 3)
    monkeypatch.setattr(look, "MOST", 20)
    first = lines(after_run)
    assert set(first) == with_findings(after_run)
    full = Run.objects.get()
    assert full.changes.count() == len({row.record_id for row in full.changes.all()}), "one change per account"
    incremental(after_run)  # looks at all that the first one wrote
    lacking = next(record for record, line in first.items() if line.startswith("Missing: value profile"))
    profile = next(value["Tierline_Value_Profile__c"] for value in after_run.own_values().values() if value)
    fine = next(row for row in after_run.query("SELECT Id, OwnerId FROM Account") if row["Id"] not in first)
    after_run.org.update("Account", [{"Id": lacking, "Tierline_Value_Profile__c": profile}])
    after_run.org.update("User", [{"Id": fine["OwnerId"], "IsActive": False}])

    run = incremental(after_run)
    assert run.state == Run.State.DONE, run.error
    now = lines(after_run)
    assert set(now) == with_findings(after_run)
    assert now[fine["Id"]] == "Check: owner, opportunities."
    assert "value profile" not in now.get(lacking, "").split("Check")[0]
    assert all(tuple(after) == (LINE,) for after in written(run))
    assert len(written(run)) > 3, "planned in more than one unit"
    looked = json.loads((evaluate.folder(run) / f"looked-{after_run.connection.pk}.json").read_text())
    assert 0 < len(looked) < len(after_run.own_values())
    found = findings()
    assert not after_run.run().changes.exists(), "a full run finds the same"
    assert findings() == found
    assert run.progress["findings"]["total"] > 1, "recorded in more than one job"
    assert FindingEvent.objects.filter(event="found").count() == Finding.objects.count(), "noted once each"

    after_run.org.update("Account", [{"Id": fine["Id"], LINE: "all is well"}])
    incremental(after_run)
    assert lines(after_run) == now, "what somebody typed there is no opinion on a value"
    undo = after_run.work(undoing.create(run, "Anna"))
    assert undo.counts["records_verified"] == len(written(run))
    assert lines(after_run) == first
    assert not after_run.run().changes.exists(), "what was taken back does not return by itself"
