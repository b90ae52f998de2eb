"""What a person says about findings, in the console and on the command line, and what is then seen of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from typer.testing import CliRunner

from admin.cli.main import app
from sync.models import Alert, AuditEvent, Finding, FindingEvent
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(people: cast.Cast) -> Client:
    """The person whose alert it is, by e-mail address."""
    client = Client()
    client.force_login(cast.user("mika@example.com"))
    return client


def states() -> list[str]:
    return list(Finding.objects.order_by("pk").values_list("state", flat=True))


def text(client: Client, address: str) -> str:
    return client.get(address).content.decode()


def test_the_owner_answers_findings_ticked_or_all_and_everybody_sees_it(people: cast.Cast, owner: Client) -> None:
    address, (first, second) = f"/alerts/{people.alert.pk}", Finding.objects.order_by("pk")
    page = text(owner, address)
    assert "I am on it" in page
    assert "This is right" not in page, "a missing value is not right"
    owner.post(f"{address}/handle", {"deed": "begin", "finding": [first.pk]})
    assert states() == ["in_progress", "open"]
    until = timezone.localdate() + timedelta(days=5)
    said = owner.post(
        f"{address}/handle", {"deed": "snooze", "all": "waiting", "until_snooze": f"{until}"}, follow=True
    ).content.decode()
    assert states() == ["snoozed", "snoozed"]
    assert f"2 records put off until {until}" in said
    assert "Nothing has to be done now" in said
    assert "No record waits" in text(owner, f"{address}?show=waiting")
    assert [row.standing for row in owner.get("/alerts?state=resting&owner=mine").context["alerts"]] == ["2 snoozed"]
    history = text(owner, f"/findings/{first.pk}")
    for words in ("being worked on", "mika@example.com", "snoozed", "Take back"):
        assert words in history
    assert "snoozed" in text(owner, f"/accounts/{people.gold.pk}")
    owner.post(f"/findings/{second.pk}/handle", {"deed": "take_back"})
    assert states() == ["snoozed", "open"]
    assert Alert.objects.get(pk=people.alert.pk).state == "open"
    assert AuditEvent.objects.filter(actor="mika@example.com").count() == 3


def test_what_cannot_be_is_said_and_others_may_only_look(people: cast.Cast, owner: Client, seen: Client) -> None:
    address = f"/alerts/{people.alert.pk}/handle"
    every = {"all": "waiting"}
    assert seen.post(address, {"deed": "acknowledge", **every}).status_code == 403
    assert seen.post(f"/findings/{Finding.objects.all()[0].pk}/handle", {"deed": "begin"}).status_code == 403
    assert owner.get(address).status_code == 405, "looking changes nothing"
    assert "What about them" not in text(seen, f"/alerts/{people.alert.pk}")
    for given, words in (
        ({"deed": "cannot_know", **every}, "Say why, in a sentence"),
        ({"deed": "snooze", "until_snooze": "2099-01-01", **every}, "the model allows 30 days"),
        ({"deed": "snooze", "until_snooze": "2026-02-31", **every}, "Give the last day"),
        ({"deed": "acknowledge"}, "No finding was chosen"),
        ({"deed": "resolve", **every}, "Choose what to do"),
        ({"deed": "confirm", "reason": "It is.", **every}, "has to be mended in the CRM"),
    ):
        assert words in owner.post(address, given, follow=True).content.decode()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(cast.user("root", staff=True))
    assert strict.post(address, {"deed": "acknowledge", **every}).status_code == 403
    assert states() == ["open", "open"]


def tierline(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["alerts", *words], env={"COLUMNS": "300"})
    return result.exit_code, " ".join(str(result.output).split())


def read(*words: str) -> Any:
    return json.loads(CliRunner().invoke(app, ["alerts", *words, "--json"]).stdout.splitlines()[-1])


def test_the_command_line_says_the_same(people: cast.Cast) -> None:
    number, (first, second) = str(people.alert.pk), Finding.objects.order_by("pk")
    assert "2 of 2 acknowledged, by ada" in tierline("acknowledge", number, "--as", "ada")[1]
    assert "being worked on" in tierline("begin", number, "--finding", str(first.pk), "--as", "ada")[1]
    until = timezone.localdate() + timedelta(days=3)
    tierline("snooze", number, "--until", f"{until}", "--finding", str(second.pk), "--as", "ada")
    shown = read("show", number)
    assert [(row["state"], row["until"], row["by"]) for row in shown] == [
        ("in progress", None, "ada"),
        ("snoozed", f"{until}", "ada"),
    ]
    assert tierline("begin", number, "--finding", "999")[0] == 2
    assert tierline("acknowledge", "999")[0] == 2
    code, said = tierline("right", number, "--why", "It is.")
    assert (code, "has to be mended" in said) == (1, True)
    tierline("take-back", number)
    assert states() == ["open", "open"]


def test_the_figures_stand_on_a_page_and_on_the_command_line(people: cast.Cast, seen: Client) -> None:
    now = timezone.now()
    first, second = Finding.objects.order_by("pk")
    Finding.objects.filter(pk=second.pk).update(state="resolved")
    for finding, days, what in ((first, 9, "found"), (second, 6, "found"), (second, 5, "begin"), (second, 2, "gone")):
        due = (now - timedelta(days=1)).date() if what == "found" else None
        FindingEvent.objects.create(
            finding=finding, at=now - timedelta(days=days), event=what, owner=people.alert.owner, until=due
        )
    expected = {
        "open": 1,
        "overdue": 1,
        "closed": 1,
        "days to see": 1.0,
        "9 in 10 seen": 1.0,
        "days to close": 4.0,
        "9 in 10 closed": 4.0,
        "in time": 0.5,
    }
    groups = {"owner": "Mika Laine", "team": "no manager", "rule": "Value missing", "severity": "medium"}
    for by, name in groups.items():
        assert read("sla", "--by", by) == [{"name": "All findings", **expected}, {"name": name, **expected}]
    assert "50%" in tierline("sla")[1]
    assert tierline("sla", "--by", "colour")[0] == 2
    page = text(seen, "/alerts/sla?weeks=26")
    assert "50.0 % of the findings are closed in time" in page
    assert "Mika Laine" in page
