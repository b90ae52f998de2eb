"""Overrides, the review round and calibrations on the command line."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from typer.testing import CliRunner

from admin.cli.main import app
from sync.models import AuditEvent, Calibration, Override, PublishedModel, TierMove
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db
UNTIL = f"{timezone.localdate() + timedelta(days=90)}"
ASK = ("--reason", "strategic", "--comment", "Opens the Baltic market", "--until", UNTIL, "--as", "sam")


def tierline(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, [*words], env={"COLUMNS": "300"})
    assert result.exit_code == code, result.output
    return str(result.output)


def read(*words: str) -> Any:
    return json.loads(tierline(*words, "--json").splitlines()[-1])


def test_an_override_is_asked_for_approved_by_another_ended_and_judged(people: cast.Cast) -> None:
    asked = read("overrides", "request", "Nordgas AS", "gold", *ASK, "--floor")
    number = str(asked["override"])
    assert (asked["state"], asked["kind"], asked["computed"]) == ("requested", "floor", "bronze")
    assert "sam may not decide" in tierline("overrides", "approve", number, "--as", "sam", code=1)
    tierline("overrides", "approve", number, "--as", "ada")
    assert {each["state"] for each in read("overrides", "list")} == {"requested", "approved"}
    assert "when it has ended" in tierline("overrides", "judge", number, "--right", code=1)
    tierline("overrides", "end", number, "--as", "ada")
    tierline("overrides", "judge", number, "--wrong", "--as", "sam")
    (ended,) = read("overrides", "list", "--state", "expired")
    assert (ended["was_right"], ended["decided by"]) == (False, "ada")
    told = AuditEvent.objects.order_by("pk").values_list("actor", "action")
    assert list(told) == [
        ("sam", "override requested"),
        ("ada", "override approved"),
        ("ada", "override ended"),
        ("sam", "override judged"),
    ]


def test_an_edit_noticed_in_the_crm_is_rejected_with_a_reason(people: cast.Cast) -> None:
    number = str(Override.objects.get().pk)
    assert "needs a reason of the model's list" in tierline("overrides", "approve", number, code=1)
    assert "Say why" in tierline("overrides", "reject", number, "--comment", " ", code=1)
    assert "is rejected" in tierline("overrides", "reject", number, "--comment", "No contract behind it")
    assert "decided already" in tierline("overrides", "reject", number, "--comment", "again", code=1)


def test_a_jump_reserved_for_a_group_needs_a_login_of_that_group(people: cast.Cast) -> None:
    rules = "overrides: {approvers: [{levels: 12, group: tier board}]}\n"
    PublishedModel.objects.update(text=people.model.text + rules, fingerprint="board")
    zoe = cast.user("zoe")
    zoe.groups.add(Group.objects.create(name="tier board"))
    number = str(Override.objects.get().pk)
    given = ("--reason", "contract", "--comment", "Frame agreement signed")
    assert "may not decide" in tierline("overrides", "approve", number, *given, "--as", "anybody", code=1)
    tierline("overrides", "approve", number, *given, "--as", "zoe")


def test_a_remark_in_the_record_is_answered_by_what_will_be_done_about_it(people: cast.Cast) -> None:
    Override.objects.update(field="request", value="Tier is wrong: they bought a rival")
    number = str(Override.objects.get().pk)
    assert "Say what will be done" in tierline("overrides", "approve", number, code=1)
    tierline("overrides", "approve", number, "--comment", "Scored anew with the next quarter", "--as", "ada")
    asked = Override.objects.get()
    assert (asked.decided_by, asked.decision) == ("ada", "Scored anew with the next quarter")


def test_wrong_input_is_told_apart_from_failures(people: cast.Cast) -> None:
    assert "is no tier" in tierline("overrides", "request", "Nordgas AS", "diamond", *ASK, code=2)
    assert "no account 'Nobody'" in tierline("overrides", "request", "Nobody", "gold", *ASK, code=2)
    assert "no state of an override" in tierline("overrides", "list", "--state", "open", code=2)
    assert "no override 99" in tierline("overrides", "end", "99", code=2)
    assert "no calibration 99" in tierline("calibrations", "show", "99", code=2)
    assert "which moves are meant" in tierline("review", "accept", code=2)


def test_the_review_round_decides_some_or_all(people: cast.Cast) -> None:
    assert "No move waits" in tierline("review", "list")
    first, second = cast.moves(people)
    assert [each["move"] for each in read("review", "list")] == [first.pk, second.pk], "most valuable first"
    assert "Say why" in tierline("review", "reject", str(second.pk), code=1)
    tierline("review", "reject", str(second.pk), "--comment", "One late order", "--as", "ada")
    assert "1 move is accepted" in tierline("review", "accept", "--all", "--as", "ada")
    assert f"Move {first.pk} does not wait" in tierline("review", "defer", str(first.pk), code=2)
    assert list(TierMove.objects.order_by("pk").values_list("state", "decided_by")) == [
        ("accepted", "ada"),
        ("rejected", "ada"),
    ]
    assert AuditEvent.objects.filter(action="moves rejected", subject="Nordgas AS: bronze to silver").exists()


def test_a_proposed_calibration_is_compared_published_and_taken_back(people: cast.Cast) -> None:
    proposal = cast.proposal(people)
    said = tierline("calibrations", "show", str(proposal.pk))
    assert "2 of 938 customers would move (0.2 %), with 3 open deals of 34,000 EUR in all." in said
    assert "Kone Power Oy" in said
    assert "Mika Laine" in said
    tierline("calibrations", "publish", str(proposal.pk), "--as", "ada")
    states = {each["calibration"]: each["state"] for each in read("calibrations", "list")}
    assert states == {people.calibration.pk: "earlier", proposal.pk: "in force"}
    assert "no proposal any more" in tierline("calibrations", "reject", str(proposal.pk), code=1)
    assert "in force already" in tierline("calibrations", "publish", str(proposal.pk), code=1)
    tierline("calibrations", "publish", str(people.calibration.pk), "--as", "ada")
    assert Calibration.objects.order_by("-published_at").first() == people.calibration
    assert AuditEvent.objects.filter(action="calibration published", actor="ada").count() == 2
