"""Many findings at once: one answer for a group, and sheets that are filled in elsewhere and come back."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from admin.cli.main import app
from sync import cells, labels
from sync.fixing import links, sheet
from sync.models import AccountState, Delivery, Finding, Run
from tests.sync.stage import Stage
from tests.sync.test_fixing import Desk, let_edit


@pytest.fixture
def desk(after_run: Stage) -> Desk:
    found = Desk(after_run)
    let_edit(after_run, found.owner.record_id)
    return found


@pytest.fixture
def console(desk: Desk, client: Client) -> Client:
    """The data owner, logged in with the address that the CRM knows."""
    client.force_login(get_user_model().objects.create_user("mika", desk.owner.email))
    return client


def profiles_of(desk: Desk) -> dict[str, str]:
    ids = "', '".join(Finding.objects.filter(alert=desk.alert).values_list("account_id", flat=True))
    rows = desk.stage.query(f"SELECT Id, Tierline_Value_Profile__c FROM Account WHERE Id IN ('{ids}')")
    return {row["Id"]: row["Tierline_Value_Profile__c"] or "" for row in rows}


def test_a_group_is_answered_at_once_after_it_was_shown(desk: Desk, console: Client) -> None:
    Finding.objects.filter(alert=desk.alert).exclude(field="value_profile").update(alert=None)
    alike = Finding.objects.filter(rule="missing", field="value_profile", state=Finding.State.OPEN)
    alike.filter(pk__in=list(alike.values_list("pk", flat=True)[:4])).update(alert=desk.alert)
    findings = list(Finding.objects.filter(alert=desk.alert, state__in=Finding.WAITING).order_by("pk"))
    assert len(findings) > 1
    address = f"/alerts/{desk.alert.pk}/fix"
    form = {"finding": [each.pk for each in findings], "choice": "growth_partner", "field": "value_profile"}
    shown = console.post(address, form).content.decode()
    assert shown.count("<strong>Growth partner</strong>") == len(findings)
    assert set(profiles_of(desk).values()) == {""}, "nothing is written by looking"

    changed = {"Id": findings[0].account_id, "Tierline_Value_Profile__c": "uptime_first"}
    assert desk.stage.org.update("Account", [changed])[0].id
    seen = {f"seen_{each.pk}_value_profile": "" for each in findings}
    done = console.post(address, {**form, **seen, "step": "write"}, follow=True).content.decode()
    assert done.count("Written and read back") == len(findings) - 1
    assert "Value profile is now Uptime first" in done
    held = profiles_of(desk)
    assert held.pop(findings[0].account_id) == "uptime_first"
    assert set(held.values()) == {"growth_partner"}
    for nothing in ({}, {"finding": [findings[0].pk]}, {"finding": [findings[0].pk], "choice": "x"}):
        console.post(address, {"step": "write", **nothing})
    assert Run.objects.filter(kind=Run.Kind.ANSWER).count() == 1


def test_a_group_is_answered_by_link_once(desk: Desk, client: Client) -> None:
    message = Delivery.objects.create(owner=desk.owner, channel="email", key="TL-group")
    message.alerts.add(desk.alert)
    address = links.make(message, "alert", desk.alert.pk)
    address = address[address.index("/fix/") :]
    assert client.get(address).status_code == 200
    form = {"finding": [desk.finding.pk], "choice": "growth_partner", "field": "value_profile"}
    assert "Write this?" in client.post(address, form).content.decode()
    done = client.post(address, {**form, "step": "write"}, follow=True)
    assert "Written and read back" in done.content.decode()
    assert client.post(address, {**form, "step": "write"}).status_code == 410


def filled(desk: Desk, text: str, new: str = "Growth partner", **cells: str) -> str:
    """The sheet with a new value for the desk's finding; `cells` change others of its row."""
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    for row in rows:
        if row["id"] == desk.finding.record_id and row["field"] == "Value profile":
            row.update({"new value": new, **cells})
    out = io.StringIO()
    writer = csv.DictWriter(out, sheet.COLUMNS, delimiter=";")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def test_a_sheet_goes_out_and_comes_back_by_command(desk: Desk, tmp_path: Path) -> None:
    runner, path = CliRunner(), tmp_path / "mine.csv"
    result = runner.invoke(app, ["alerts", "export", desk.owner.email, "--output", str(path)])
    assert result.exit_code == 0, result.output
    text = path.read_text(encoding="utf-8")
    path.write_text(filled(desk, text), encoding="utf-8")
    command = ["alerts", "import", str(path), "--as", desk.owner.email]
    result = runner.invoke(app, [*command, "--dry-run"])
    assert "1 accounts would change" in result.output
    assert desk.in_crm()["Tierline_Value_Profile__c"] is None
    result = runner.invoke(app, [*command, "--yes"])
    assert result.exit_code == 0, result.output
    assert "verified" in result.output
    assert desk.in_crm()["Tierline_Value_Profile__c"] == "growth_partner"
    assert Run.objects.get(kind=Run.Kind.ANSWER).changes.count() == 1, "only the changed row is written"
    result = runner.invoke(app, [*command, "--yes"])
    assert result.exit_code == 1
    assert "has changed since the export: it is now Growth partner" in " ".join(result.output.split())
    assert runner.invoke(app, ["alerts", "export", "nobody@example.com"]).exit_code == 2


def test_a_sheet_comes_back_in_the_console_and_is_shown_first(desk: Desk, console: Client) -> None:
    text = console.get(f"/alerts/export.csv?owner={desk.owner.pk}").content.decode()
    file = SimpleUploadedFile("x.csv", filled(desk, text).encode())
    page = console.post("/alerts/import", {"sheet": file})
    assert len(page.context["plan"].changes) == 1
    done = console.post("/alerts/import", {"step": "write", "text": page.context["text"]}, follow=True)
    assert "Written and read back" in done.content.decode()
    for bad, said in ((b"\xff\xfe", "not in UTF-8"), (b"a,b\n1,2\n", "has no column id"), (b'"', "no CSV file")):
        sent = {"sheet": SimpleUploadedFile("x.csv", bad)}
        assert said in console.post("/alerts/import", sent).content.decode()


def test_rows_that_cannot_be_taken_say_why(desk: Desk) -> None:
    state = desk.state
    AccountState.objects.filter(pk=state.pk).update(current=state.current | {"segment": None, "sub_segment": None})
    words, model = labels.labels(desk.stage.portfolio), desk.model
    first, second = model.segments[:2]

    def row(line: int, field: str, new: str, **more: Any) -> sheet.Row:
        facts = {"record_id": state.record_id, "account": "x", "now": "", **more}
        return sheet.Row(line=line, field=field, new=new, **facts)

    def why(*rows: sheet.Row) -> str:
        found = sheet.plan(desk.stage.portfolio, rows)
        assert not found.changes
        return found.refused[0].why

    assert why(row(2, "Tier", "Gold")) == '"Tier" is no value that people choose.'
    assert why(row(2, "Value profile", "Nonsense")) == "Value profile Nonsense is not valid."
    assert why(row(2, "Value profile", "Growth partner", record_id="001x")) == "No account has the id 001x."
    assert "has changed since the export" in why(row(2, "Value profile", "Growth partner", now="Uptime first"))
    pair = row(2, "Segment", first.label), row(3, "Sub-segment", second.sub_segments[0].label)
    assert why(*pair).endswith("is not valid.")
    assert why(row(2, "Segment", first.label)).endswith("give that in its row too.")
    assert "Two rows" in why(row(2, "Segment", first.label), row(3, "segment", second.key))
    taken = sheet.plan(
        desk.stage.portfolio, [row(2, "Segment", first.label), row(3, "sub_segment", first.sub_segments[0].key)]
    )
    (change,) = taken.changes
    assert change.lines == (2, 3)
    assert change.after == f"{words.segment(first.key)} › {words.sub_segment(first.sub_segments[0].key)}"


@given(st.lists(st.text(st.sampled_from("=+-@\t\r\n' ab＝,;\""), max_size=6), min_size=6, max_size=6))
def test_no_cell_is_a_formula_and_every_cell_survives_the_round_trip(row: list[str]) -> None:
    for text in row:
        assert cells.restored(cells.safe(text)) == text
        assert not cells.safe(text).lstrip(" ").startswith((*cells.FORMULA, "\t", "\r"))
