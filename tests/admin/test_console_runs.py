"""Runs in the console: the list, one run while it works and afterwards, starting one, exporting outcomes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from sync.models import Change, Run
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


def test_runs_are_listed_with_their_figures(people: cast.Cast, seen: Client) -> None:
    page = seen.get("/runs").content.decode()
    assert f"Run {people.run.pk}" in page
    assert "1,902" in page


def test_without_a_run_the_page_says_how_to_make_one(seen: Client) -> None:
    cast.setup()
    assert "No run yet" in seen.get("/runs").content.decode()


def test_without_anything_set_up_the_page_says_what_to_do_first(seen: Client) -> None:
    assert "tierline connection add" in seen.get("/runs").content.decode()


def test_a_run_shows_outcomes_with_reason_and_next_step(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/runs/{people.run.pk}").content.decode()
    assert "Locked by another process, 5 tries." in page
    assert "The next run sends it again." in page
    assert f"{cast.ORG}/{people.gold.record_id}" in page
    assert "<del>Silver</del> → <ins>Gold</ins>" in page


def test_outcomes_are_filtered(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/runs/{people.run.pk}?outcome=rejected")
    assert [row.change.state for row in page.context["changes"]] == [Change.State.REJECTED]


def test_an_ended_run_is_not_polled_and_a_working_one_is(people: cast.Cast, seen: Client) -> None:
    address = f"/runs/{people.run.pk}"
    assert "hx-get" not in seen.get(address).content.decode()
    Run.objects.update(state=Run.State.ACTIVE, step=Run.Step.SEND, progress={"send": {"done": 200, "total": 1902}})
    page = seen.get(address).content.decode()
    assert f'hx-get="{address}/progress"' in page
    assert "200 of 1,902" in page


def test_the_browser_reloads_the_page_when_the_run_has_ended(people: cast.Cast, seen: Client) -> None:
    reply = seen.get(f"/runs/{people.run.pk}/progress", headers={"HX-Request": "true"})
    assert reply.headers["HX-Refresh"] == "true"


def test_outcomes_take_the_same_few_queries_however_many_there_are(
    people: cast.Cast, seen: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        account = cast.account(people.connection, people.run, people.calibration, f"Aqua {number:03}")
        cast.change(people.run, account, Change.State.VERIFIED)
    with django_assert_max_num_queries(18):
        assert len(seen.get(f"/runs/{people.run.pk}").context["changes"]) == 33


def test_a_run_of_another_model_keeps_its_words(people: cast.Cast, seen: Client) -> None:
    Change.objects.update(before={}, after={"Renamed__c": "x"})
    assert "Renamed__c: <ins>x</ins>" in seen.get(f"/runs/{people.run.pk}").content.decode()


def test_times_are_in_the_time_zone_of_the_installation(people: cast.Cast, seen: Client, settings: Any) -> None:
    settings.TIME_ZONE = "Europe/Lisbon"
    Run.objects.update(started_at=datetime(2026, 7, 1, 1, 0, tzinfo=UTC))
    page = seen.get(f"/runs/{people.run.pk}").content.decode()
    assert "1 Jul 2026 02:00" in page
    assert "Times are in Europe/Lisbon." in page


def test_source_and_date_stand_beside_the_value_they_belong_to(people: cast.Cast, seen: Client) -> None:
    names = {
        "Tierline_Segment__c": "energy",
        "Tierline_Segment_Source__c": "rule",
        "Tierline_Segment_Date__c": "2026-11-01",
    }
    Change.objects.update(before={}, after=names)
    (field,) = seen.get(f"/runs/{people.run.pk}").context["changes"][0].fields
    assert (field.title, field.after, field.note) == ("Segment", "Energy", "by rule, 1 Nov 2026")
