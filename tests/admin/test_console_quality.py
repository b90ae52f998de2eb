"""The page on data quality, its command, and what is kept for them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.test import Client
from typer.testing import CliRunner

from admin.cli.main import app
from scoring.quality.scores import Score
from sync.models import QualityScore
from sync.quality import quality_scores
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


def keep(people: cast.Cast, *more: Score) -> None:
    whole = (0.9, 1.0, None, 0.5)
    everything = Score("all", "", 938, 147, 12_000_000, *whole)
    owner = Score("owner", people.gold.owner_record_id, 40, 2, 9_000_000, *whole)
    nobody = Score("segment", "", 3, 3, 0, 0.0, None, None, None)
    people_names = {people.gold.owner_record_id: "Mika Laine"}
    found = [everything, owner, Score("field", "value_profile", 938, 9, 1, *whole), nobody, *more]
    quality_scores.record(people.run, "", people.connection, found, people_names)


def test_before_the_first_run_the_page_says_what_leaves_figures(people: cast.Cast, seen: Client) -> None:
    assert "No figures yet" in seen.get("/quality").content.decode()


def test_figures_lead_to_the_findings_behind_them(people: cast.Cast, seen: Client) -> None:
    keep(people)
    page = seen.get("/quality").content.decode()
    for words in (
        "147 of 938 customers have something to mend: 1,200 EUR of revenue",
        "90.0 %",
        "Mika Laine",
        "Value profile",
        "No segment",
    ):
        assert words in page, words
    link = f"/quality/findings?by=owner&amp;key={people.gold.owner_record_id}"
    assert link in page
    behind = seen.get(link.replace("&amp;", "&"))
    assert "Mika Laine" in behind.content.decode()
    assert people.gold.record_id in {row.finding.record_id for row in behind.context["findings"]}


def test_that_too_little_is_known_of_accuracy_is_said_once(people: cast.Cast, seen: Client) -> None:
    keep(people)
    assert seen.get("/quality").content.decode().count("not enough information") == 1
    said = CliRunner().invoke(app, ["quality"]).output
    assert said.count("not enough information") == 1
    QualityScore.objects.update(looked_at=50, kept=45)
    assert "90 % of 50 (79 to 96 %)" in seen.get("/quality").content.decode()
    assert "not enough information" not in CliRunner().invoke(app, ["quality"]).output


@pytest.mark.parametrize(("query", "count"), [("all", 2), ("field&key=value_profile", 2), ("field&key=tier", 0)])
def test_findings_are_those_of_the_line(people: cast.Cast, seen: Client, query: str, count: int) -> None:
    assert len(seen.get(f"/quality/findings?by={query}").context["findings"]) == count


def test_a_group_that_is_none_is_not_found(people: cast.Cast, seen: Client) -> None:
    assert seen.get("/quality/findings?by=nonsense").status_code == 404


def test_one_set_of_figures_is_kept_per_day(people: cast.Cast) -> None:
    keep(people)
    keep(people)
    assert QualityScore.objects.count() == 4
    people.run.today += timedelta(days=1)
    keep(people)
    assert [row.day for row in quality_scores.history(people.portfolio)] == sorted(
        {date.fromisoformat(str(row.day)) for row in QualityScore.objects.all()}, reverse=True
    )
    assert len(quality_scores.latest(people.portfolio, "owner")) == 1


def test_the_command_prints_the_figures(people: cast.Cast) -> None:
    keep(people)
    said = CliRunner().invoke(app, ["quality", "--by", "owner", "--json"])
    assert said.exit_code == 0, said.output
    first, second = json.loads(said.output)
    assert (first["name"], first["to_mend"], second["name"]) == ("All customers", 147, "Mika Laine")
    assert "90.0%" in CliRunner().invoke(app, ["quality"]).output
    assert CliRunner().invoke(app, ["quality", "--by", "moon"]).exit_code != 0
