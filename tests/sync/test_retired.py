"""A value that is given up: its records move first, then it leaves the list."""

from __future__ import annotations

from pathlib import Path

from admin import schema
from tests.sync.stage import Stage

SEGMENT, SOURCE = "Tierline_Segment__c", "Tierline_Segment_Source__c"
MERGED = (
    ("  - key: services\n    label: Services\n", "  - key: field_work\n    label: Field work\n"),
    (
        "\nguard: ",
        "\nretired:\n  segment:\n    - {key: services, label: Services, into: field_work}\nguard: ",
    ),
)


def values(stage: Stage) -> dict[str, bool]:
    """The segments the CRM lists, and whether they are offered."""
    return {entry.value: entry.active for entry in stage.org.value_sets()["Tierline_Segment"].entries}


def test_records_move_before_the_value_is_taken_off_the_list(after_run: Stage, tmp_path: Path) -> None:
    held = {row["Id"] for row in after_run.query(f"SELECT Id FROM Account WHERE {SEGMENT} = 'services'")}
    after_run.org.update("Account", [{"Id": sorted(held)[0], SOURCE: None}])  # chosen by a person
    after_run.publish(*MERGED, folder=tmp_path)
    first = schema.plan(after_run.connection)
    assert any("Services" in note and str(len(held)) in note for note in first.notes)
    schema.apply(after_run.connection, first)
    assert values(after_run)["services"]
    run = after_run.run()
    assert run.state == "done", run.held
    moved = after_run.query(f"SELECT Id, {SOURCE} FROM Account WHERE {SEGMENT} = 'field_work'")
    assert {row["Id"] for row in moved} >= held
    assert {row[SOURCE] for row in moved if row["Id"] in held} == {"moved"}
    schema.apply(after_run.connection, schema.plan(after_run.connection))
    assert not values(after_run)["services"]
    assert not schema.plan(after_run.connection).changes
    assert not after_run.run().changes.exists()
