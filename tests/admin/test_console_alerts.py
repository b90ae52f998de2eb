"""Alerts, edits of people and the overview in the console."""

from __future__ import annotations

from datetime import date

import pytest
from django.test import Client

from sync.alerts import gap
from sync.models import AccountState, Alert, Connection, Delivery, Override, Run, Score
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("query", "owners"),
    [
        ("", ["Mika Laine"]),
        ("state=resolved", ["Anna Berg"]),
        ("state=all", ["Mika Laine", "Anna Berg"]),
        ("state=all&sort=name", ["Anna Berg", "Mika Laine"]),
        ("state=all&sort=revenue", ["Mika Laine", "Anna Berg"]),
        ("state=all&sort=records", ["Mika Laine", "Anna Berg"]),
        ("state=all&sort=due", ["Mika Laine", "Anna Berg"]),
        ("state=all&rule=missing", ["Mika Laine"]),
        ("state=nonsense&owner=x&sort=y", ["Mika Laine"]),
        ("rule=owner_inactive", []),
    ],
)
def test_alerts_are_listed_by_person(people: cast.Cast, seen: Client, query: str, owners: list[str]) -> None:
    shown = seen.get(f"/alerts?{query}").context
    assert [row.owner.name for row in shown["people"]] == owners


def test_a_person_stands_once_with_all_that_lies_with_him(people: cast.Cast, seen: Client) -> None:
    second = Alert.objects.create(
        portfolio=people.portfolio, owner=people.alert.owner, rule="not_in_list", due_on=date(2026, 11, 21)
    )
    cast.finding(people.connection, people.run, second, people.gold, rule="not_in_list")
    cast.finding(people.connection, people.run, second, people.outside, rule="not_in_list")
    Score.objects.filter(account=people.gold).update(result={"revenue": 1_230_000})
    Score.objects.exclude(account=people.gold).update(result={})
    page = seen.get("/alerts")
    (row,) = page.context["people"]
    assert [(each.alert, each.findings) for each in row.alerts] == [(second, 2), (people.alert, 2)]
    assert (row.records, row.due_on, row.late) == (4, date(2026, 11, 21), 2)
    assert row.revenue == 1_230_000, "an account counts once for a person, however many findings it has"
    words = page.content.decode()
    for part in (f'href="?owner={row.owner.pk}&amp;state=open"', "123 EUR", "2 late"):
        assert part in words


def test_filters_of_alerts_stay_in_the_address(people: cast.Cast, seen: Client) -> None:
    addresses = [each[1] for each in seen.get("/alerts?state=all&rule=missing&sort=name&page=3").context["filters"]]
    assert addresses[0] == "?state=open&rule=missing&sort=name"


def test_of_one_person_alerts_are_listed_one_by_one(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/alerts?owner={people.alert.owner_id}")
    assert [row.alert for row in page.context["alerts"]] == [people.alert]
    assert "Alerts of Mika Laine" in page.content.decode()
    assert seen.get("/alerts?state=all&owner=999").context["alerts"] == []


def test_an_alert_is_found_by_its_owner(people: cast.Cast, seen: Client) -> None:
    shown = seen.get(f"/alerts?owner={people.alert.owner_id}").context["alerts"]
    assert [(row.alert, row.findings) for row in shown] == [(people.alert, 2)]


def test_an_alert_shows_each_record_with_problem_fix_and_link(people: cast.Cast, seen: Client) -> None:
    page = seen.get(f"/alerts/{people.alert.pk}").content.decode()
    for words in (
        "2 records: ",
        "Kone Power Oy",
        "Value profile is missing.",
        "Set the field Value profile; Tierline suggests Uptime first.",
        f'href="{cast.ORG}/{people.gold.record_id}"',
        f'href="/accounts/{people.gold.pk}"',
        "You own the record in the CRM.",
        "E-mail",
    ):
        assert words in page


def test_a_resolved_alert_says_so(people: cast.Cast, seen: Client) -> None:
    resolved = Alert.objects.get(state=Alert.State.RESOLVED)
    assert "every record is right" in seen.get(f"/alerts/{resolved.pk}").content.decode()


def test_a_message_that_was_not_delivered_says_why(people: cast.Cast, seen: Client) -> None:
    Delivery.objects.update(state=Delivery.State.FAILED, error="550 no such user")
    assert "550 no such user" in seen.get(f"/alerts/{people.alert.pk}").content.decode()
    assert "Messages not delivered: 1." in seen.get("/").content.decode()


def test_what_a_gap_costs_is_the_revenue_of_its_accounts(people: cast.Cast) -> None:
    said = gap.behind(people.portfolio, [people.alert]).sentence
    assert said == "Behind it are 2 accounts, which bought for 1,250,000 EUR in 12 months."
    Score.objects.update(result={})
    assert gap.behind(people.portfolio, [people.alert]).sentence == ""


def test_what_people_set_is_listed_beside_what_is_computed(people: cast.Cast, seen: Client) -> None:
    page = seen.get("/overrides")
    (row,) = page.context["rows"]
    assert (row.title, row.words, row.computed_words) == ("Tier", "Platinum", "Gold")
    (passed,) = page.context["passed"]
    assert passed["change"].record_name == "Old Partner Ltd"


def test_values_people_chose_are_listed_by_field(people: cast.Cast, seen: Client) -> None:
    AccountState.objects.filter(pk=people.without_orders.pk).update(written={"value_profile": "growth_partner"})
    page = seen.get("/overrides?field=value_profile")
    (row,) = page.context["rows"]
    told = (row["account"], row["words"], row["computed_words"])
    assert told == (people.gold, "Growth partner", "Uptime first")
    assert seen.get("/overrides?field=segment").context["rows"] == []


def test_withdrawn_edits_are_not_listed(people: cast.Cast, seen: Client) -> None:
    Override.objects.update(state=Override.State.WITHDRAWN)
    assert "Nobody waits for a decision" in seen.get("/overrides").content.decode()


def test_the_overview_counts_tiers_best_first(people: cast.Cast, seen: Client) -> None:
    shown = seen.get("/").context
    assert [(tier.label, tier.accounts) for tier in shown["tiers"]] == [
        ("Platinum", 0),
        ("Gold", 1),
        ("Silver", 0),
        ("Bronze", 1),
    ]
    assert (shown["in_scope"], shown["out_of_scope"]) == (2, 1)


def test_the_overview_names_what_needs_attention(people: cast.Cast, seen: Client) -> None:
    Connection.objects.update(state=Connection.State.RECONNECT)
    Run.objects.update(state=Run.State.FAILED, error="Salesforce does not answer.", next_step="Check the org.")
    page = seen.get("/").content.decode()
    for words in (
        "production refuses our credentials",
        "Salesforce does not answer.",
        "Check the org.",
        "refused 1 record",
        "Overrides of the tier that wait for a decision: 1.",
    ):
        assert words in page


def test_an_empty_installation_says_what_to_do_first(seen: Client) -> None:
    assert "Nothing is set up yet" in seen.get("/").content.decode()
    for address in ("/accounts", "/alerts", "/overrides", "/accounts.csv"):
        assert seen.get(address).status_code == 200


def test_before_the_first_run_every_page_says_what_will_appear(seen: Client) -> None:
    cast.setup()
    assert "Nothing has run yet" in seen.get("/").content.decode()
    assert "once a run has read and scored them" in seen.get("/accounts").content.decode()
    assert "Nothing is open" in seen.get("/alerts").content.decode()


def test_a_page_shows_only_the_chosen_portfolio(people: cast.Cast, seen: Client) -> None:
    other, *_ = cast.setup("other")
    seen.post("/portfolio", {"portfolio": other.pk})
    for address in ("/", "/runs", "/accounts", "/alerts", "/overrides"):
        assert "Kone" not in seen.get(address).content.decode()
