"""Accounts in the console: found, filtered, paged, explained, exported."""

from __future__ import annotations

import csv
import io
from typing import Any

import pandas as pd
import pytest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from admin.views import paging
from admin.views.export import safe
from scoring.calibration import Calibration
from scoring.lifetime import Fitted
from scoring.rfm import Rfm
from scoring.tiers import Cuts
from scoring.value import ValueScale
from sync import mirror
from sync.models import AccountState, Change, PublishedModel, Run, Score
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


def names(client: Client, query: str) -> list[str]:
    """Names on the page of accounts with this query, from the top."""
    return [state.name for state, *_ in client.get(f"/accounts?{query}").context["rows"]]


def rows(reply: HttpResponseBase) -> list[dict[str, str]]:
    """A CSV reply by its titles."""
    assert isinstance(reply, StreamingHttpResponse)
    text = b"".join(reply).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["Kone Power Oy", "Nordgas AS", "Old Partner Ltd"]),
        ("q=power", ["Kone Power Oy"]),
        ("tier=gold", ["Kone Power Oy"]),
        ("tier=none", ["Old Partner Ltd"]),
        ("segment=energy", ["Kone Power Oy", "Nordgas AS"]),
        ("scope=out", ["Old Partner Ltd"]),
        ("orders=none", ["Nordgas AS"]),
        ("sort=value_up", ["Nordgas AS", "Kone Power Oy", "Old Partner Ltd"]),
        ("sort=value", ["Kone Power Oy", "Nordgas AS", "Old Partner Ltd"]),
        ("tier=gold&scope=out", []),
        ("scope=sideways&sort=upwards&page=none", ["Kone Power Oy", "Nordgas AS", "Old Partner Ltd"]),
        ("q=%00power&tier=' OR 1=1", []),
    ],
)
def test_accounts_are_filtered_and_sorted(people: cast.Cast, seen: Client, query: str, expected: list[str]) -> None:
    assert names(seen, query) == expected


def test_an_account_is_found_by_its_record_id(people: cast.Cast, seen: Client) -> None:
    assert names(seen, f"q={people.gold.record_id}") == ["Kone Power Oy"]


def test_no_hit_offers_the_whole_list(people: cast.Cast, seen: Client) -> None:
    assert "Show all accounts" in seen.get("/accounts?q=nobody").content.decode()


def test_long_lists_have_pages_that_keep_the_filter(people: cast.Cast, seen: Client) -> None:
    for number in range(paging.ROWS):
        cast.account(people.connection, people.run, people.calibration, f"Aqua {number:03}")
    page = seen.get("/accounts?q=aqua&tier=gold").context["page"]
    assert (page.first, page.last, page.total) == (1, 50, 50)
    page = seen.get("/accounts?tier=gold").context["page"]
    assert page.following == "?tier=gold&page=2"
    assert names(seen, "tier=gold&page=2") == ["Kone Power Oy"]
    assert names(seen, "tier=gold&page=99") == ["Kone Power Oy"]


def test_what_is_not_known_is_no_warning(people: cast.Cast, seen: Client) -> None:
    told = ["Overdue since 2026-08-23", "Churn risk: not enough information (orders on 3 of 4 days)"]
    Score.objects.filter(account=people.gold).update(result=cast.result(people.gold.record_id, risks=told))
    page = seen.get(f"/accounts/{people.gold.pk}")
    assert page.context["warnings"] == told[:1]
    assert "Overdue since 23 Aug 2026." in page.content.decode()
    assert "Not known: churn risk (not enough information: orders on 3 of 4 days)." in page.content.decode()


def test_an_account_that_a_held_run_would_write_says_so(people: cast.Cast, seen: Client) -> None:
    address, words = f"/accounts/{people.gold.pk}", "waits for approval. Until somebody decides"
    held = Run.objects.create(portfolio=people.portfolio, model=people.model, today=cast.AS_OF, state=Run.State.HELD)
    assert words not in seen.get(address).content.decode()
    cast.change(held, people.gold, Change.State.PLANNED)
    assert f'<a href="/runs/{held.pk}">Run {held.pk}</a> would write this record' in seen.get(address).content.decode()
    assert words not in seen.get(f"/accounts/{people.outside.pk}").content.decode()
    Run.objects.filter(pk=held.pk).update(state=Run.State.DROPPED)
    assert words not in seen.get(address).content.decode()


def test_a_page_of_accounts_takes_the_same_few_queries_however_many_there_are(
    people: cast.Cast, seen: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        cast.account(people.connection, people.run, people.calibration, f"Aqua {number:03}")
    with django_assert_max_num_queries(14):
        seen.get("/accounts")


def test_the_page_says_which_tier_and_why(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/accounts/{people.gold.pk}").content.decode()
    for words in (
        "Gold",
        "since 1 Mar 2026",
        "412,000 EUR gross margin in 12 months",
        "31 % of the decision",
        "<h3>Early warnings</h3>",
        "<li>Overdue: 2 invoices, 1,200 EUR.</li>",
        "In the CRM a person set it to <strong>Platinum</strong>",
        f"{cast.ORG}/{people.gold.record_id}",
        "<del>Silver</del> → <ins>Gold</ins>",
        "Value profile is missing.",
    ):
        assert words in page


def test_the_page_shows_the_group_with_its_tier_and_each_members_own(people: cast.Cast, seen: Client) -> None:
    head, child = people.gold, people.without_orders
    facts = {"group_id": head.record_id, "group_tier": "platinum", "group_reason": "2 accounts together. Platinum"}
    facts["region"] = "Nordics: value is cut at 65 % of the customers instead of 60 % of the customers"
    for state in (head, child):
        Score.objects.filter(account=state).update(result=cast.result(state.record_id, **facts))
    path = mirror.path(people.portfolio.pk).with_suffix(".scores.parquet")
    path.parent.mkdir(exist_ok=True)
    known = pd.DataFrame(
        {"account_id": [child.record_id, head.record_id, "1"], "group_id": [head.record_id] * 2 + [None]}
    )
    known.to_parquet(path)
    reply = seen.get(f"/accounts/{child.pk}")
    path.unlink()
    page = reply.content.decode()
    for words in (
        "Group: Kone Power Oy",
        "Platinum",
        "as a group",
        "2 accounts together",
        "this account",
        "Nordics: value is cut at",
    ):
        assert words in page
    assert [member.name for member, _ in reply.context["group"].members] == ["Kone Power Oy", "Nordgas AS"]
    assert rows(seen.get("/accounts.csv?scope=in"))[1]["group tier"] == "Platinum"
    assert "as a group" not in seen.get(f"/accounts/{people.outside.pk}").content.decode()


@pytest.mark.parametrize("valued", [True, False])
def test_a_lifetime_value_is_on_the_page_with_its_origin(people: cast.Cast, seen: Client, valued: bool) -> None:
    text = people.model.text.replace("\nrisk:\n", "\nclv: {retention: 0.8}\nrisk:\n")
    PublishedModel.objects.filter(pk=people.model.pk).update(text=text)
    if valued:
        fitted = Calibration(cast.AS_OF.isoformat(), 1, ValueScale(lifetime=Fitted(1, 0.8)), Rfm(), Cuts())
        people.calibration.payload = fitted.to_json()
        people.calibration.save()
        score = people.gold.score
        assert score is not None
        score.result |= {"customer_lifetime_value": 80_000_000}
        score.save()
    amounts = {each.title: each.words for each in seen.get(f"/accounts/{people.gold.pk}").context["amounts"]}
    if valued:
        assert amounts["Lifetime value"] == "8,000 EUR"
        assert amounts["Lifetime value: worked out with"].startswith("retention 80.0 % a year (given in the model)")
    else:
        assert amounts["Lifetime value"] == "not enough information"


def test_each_value_says_who_set_it_and_when(people: cast.Cast, seen: Client) -> None:
    segment, sub_segment, profile = seen.get(f"/accounts/{people.gold.pk}").context["values"]
    assert (segment.words, segment.source, segment.since) == ("Energy", "rule", "2026-11-01")
    assert (sub_segment.words, sub_segment.source, sub_segment.computed) == ("", "", "Power producers")
    assert (profile.words, profile.source, profile.computed) == ("Growth partner", "person", "Uptime first")


def test_an_account_out_of_scope_says_why(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/accounts/{people.outside.pk}").content.decode()
    assert "Not a customer (type is Partner)" in page


def test_an_account_that_is_not_scored_yet_has_a_page(people: cast.Cast, seen: Client) -> None:
    AccountState.objects.update(score=None)
    Score.objects.all().delete()
    assert "Not scored yet" in seen.get(f"/accounts/{people.gold.pk}").content.decode()


def test_names_from_the_crm_are_text(people: cast.Cast, seen: Client) -> None:
    name = "<script>alert(1)</script>"
    AccountState.objects.filter(pk=people.gold.pk).update(name=name)
    for address in ("/accounts", f"/accounts/{people.gold.pk}", "/overrides", f"/accounts?q={name}"):
        page = seen.get(address).content.decode()
        assert name not in page
        assert "&lt;script&gt;" in page


def test_the_export_has_the_accounts_of_the_filter(people: cast.Cast, seen: Client) -> None:
    reply = seen.get("/accounts.csv?scope=in")
    assert reply.headers["Content-Disposition"] == 'attachment; filename="accounts.csv"'
    kone, nordgas = rows(reply)
    assert (kone["account"], kone["tier"], kone["value score"]) == ("Kone Power Oy", "Gold", "78.4")
    assert (nordgas["has orders"], nordgas["cost to serve per 100"]) == ("no", "")


@pytest.mark.parametrize("name", ['=HYPERLINK("http://evil.example")', "+1", "-1", "@SUM(1)", "\tx", "\rx", " =1+1"])
def test_no_name_becomes_a_formula_in_a_spreadsheet(people: cast.Cast, seen: Client, name: str) -> None:
    AccountState.objects.filter(pk=people.gold.pk).update(name=name)
    exported = rows(seen.get("/accounts.csv"))[0]["account"]
    assert exported == f"'{name}"


def test_numbers_stay_numbers_in_the_export() -> None:
    assert [safe(-4.5), safe(0), safe(None), safe("a-b")] == [-4.5, 0, "", "a-b"]


def test_outcomes_of_a_run_are_exported(people: cast.Cast, seen: Client) -> None:
    found = rows(seen.get(f"/runs/{people.run.pk}/outcomes.csv?outcome=rejected"))
    assert [(row["record"], row["field"], row["after"]) for row in found] == [
        ("Nordgas AS", "Tier", "Gold"),
        ("Nordgas AS", "Tier reason", "High value, high cost to serve"),
    ]
    assert found[0]["what to do"] == "The next run sends it again."


def test_the_page_says_how_the_tier_is_served_and_when_the_last_contact_was(people: cast.Cast, seen: Client) -> None:
    text = (
        people.run.model.text
        + "\nplaybook: {baseline: {contact_days: 90, reply_hours: 48}, gold: {contact_days: 14}}\n"
    )
    PublishedModel.objects.update(text=text)
    Score.objects.update(result=cast.result(people.gold.record_id, last_contact_on="2026-09-21"))
    page = seen.get(f"/accounts/{people.gold.pk}").content.decode()
    assert "Contact every 14 days; last contact 41 days ago" in page
    assert "Answer within 48 hours." in page
