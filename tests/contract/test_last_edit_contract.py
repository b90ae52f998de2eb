"""Who set a value last, as far as a CRM says: a person, or we; of a record that is gone nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from connectors.base import Change, Crm
from connectors.edits import TellsEdits
from tests.contract.ground import Ground


def test_the_last_edit_is_told_with_its_moment(installed: Ground, crm: Crm) -> None:
    edited, gone = installed.add_accounts(["Edited Ltd", "Gone Ltd"])
    installed.delete(gone)
    name = installed.segment.name
    installed.edit(edited, {name: "grow"})
    assert isinstance(crm, TellsEdits)
    found = crm.last_edits("account", {edited: [name], gone: [name]})
    assert set(found) == {(edited, name)}
    edit = found[edited, name]
    assert edit.who
    assert edit.at is not None
    assert abs(datetime.now(UTC) - edit.at) < timedelta(minutes=5)


def test_what_we_wrote_is_told_as_ours(installed: Ground, crm: Crm) -> None:
    (record,) = installed.add_accounts(["Ours Ltd"])
    name = installed.segment.name
    crm.push("account", [Change(record, {name: "grow"})])
    assert isinstance(crm, TellsEdits)
    assert crm.last_edits("account", {record: [name]})[record, name].ours
