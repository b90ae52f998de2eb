"""The page on both CRMs: proposals are decided there, and differences are seen with who made them."""

from __future__ import annotations

import csv
import io

import pytest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import Client

from sync.models import AccountState, AuditEvent, Connection, Match
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db
EDITS = {
    "first": {"who": "Aino Berg", "at": "2026-11-20T09:00:00+00:00", "ours": False, "of_field": False},
    "second": {"who": "Mika Lind", "at": "2026-11-21T10:30:00+00:00", "ours": False, "of_field": True},
}


@pytest.fixture
def both(people: cast.Cast) -> list[Match]:
    """The cast's CRM has a second one beside it: a match whose records differ, and a proposal."""
    first = people.gold.connection
    identity = {"instance_url": "https://app.hubspot.example/contacts/1"}
    second = Connection.objects.create(portfolio=first.portfolio, name="marketing", kind="hubspot", identity=identity)
    found = []
    for number, account in enumerate((people.gold, people.without_orders)):
        record = f"90{number}"
        other = AccountState.objects.create(
            connection=second, record_id=record, name=f"{account.name} there", in_scope=True,
            current={**account.current, "segment": "energy" if number else "services"},
        )  # fmt: skip
        found.append(
            Match.objects.create(
                portfolio=first.portfolio, first=first, first_record=account.record_id, first_name=account.name,
                second=second, second_record=record, second_name=other.name, how="domain", strength=80,
                why="Both are at nordgas.example.", state="proposed" if number else "confirmed",
            )
        )  # fmt: skip
    here = people.gold.current.get("segment")
    told = {"first": here, "second": "services", "base": "manufacturing", "cause": "both", "edits": EDITS}
    Match.objects.filter(pk=found[0].pk).update(differences={"segment": told})
    return found


def test_what_differs_is_shown_with_who_set_it_and_where(both: list[Match], seen: Client) -> None:
    page = seen.get("/crms").content.decode()
    assert "record last saved by Aino Berg, 2026-11-20" in page
    assert "Mika Lind, 2026-11-21" in page
    assert "The owner decides" in page
    assert "https://app.hubspot.example/contacts/1/record/0-2/900" in page
    assert "Both CRMs" in seen.get("/").content.decode()
    assert "may be one company: 1" in seen.get("/").content.decode()


def test_a_company_in_both_crms_is_one_row_found_by_either_name(both: list[Match], seen: Client) -> None:
    shown = seen.get("/accounts?q=kone")
    ((state, _, _, records),) = shown.context["rows"]
    assert (state.name, [record.name for record, _ in records]) == (
        "Kone Power Oy",
        ["Kone Power Oy", "Kone Power Oy there"],
    )
    words = shown.content.decode()
    for part in ("one company with", ">marketing", "/record/0-2/900"):
        assert part in words
    assert [state.name for state, *_ in seen.get("/accounts?q=power+oy+there").context["rows"]] == ["Kone Power Oy"]
    assert [state.name for state, *_ in seen.get("/accounts?q=900").context["rows"]] == ["Kone Power Oy"]
    proposed = [state.name for state, *_ in seen.get("/accounts?q=nordgas").context["rows"]]
    assert proposed == ["Nordgas AS", "Nordgas AS there"], "what is not decided stays two"


def test_each_record_of_a_company_leads_to_the_other(both: list[Match], seen: Client) -> None:
    here, there = (AccountState.objects.get(name=name) for name in ("Kone Power Oy", "Kone Power Oy there"))
    for one, other in ((here, there), (there, here)):
        page = seen.get(f"/accounts/{one.pk}").content.decode()
        assert f'One company with <a href="/accounts/{other.pk}">{other.name}</a>' in page
    assert (
        "One company with"
        not in seen.get(f"/accounts/{AccountState.objects.get(name='Nordgas AS').pk}").content.decode()
    )


def test_the_sheet_of_accounts_has_both_records_of_a_company_in_one_row(both: list[Match], seen: Client) -> None:
    reply: HttpResponseBase = seen.get("/accounts.csv?q=kone")
    assert isinstance(reply, StreamingHttpResponse)
    (row,) = csv.DictReader(io.StringIO(b"".join(reply).decode("utf-8-sig")))
    assert (row["other CRM"], row["record id there"]) == ("marketing", "900")


def test_somebody_who_may_start_runs_decides_about_proposals(both: list[Match], seen: Client) -> None:
    form = {"match": both[1].pk, "decision": "confirmed"}
    assert seen.post("/crms/decide", form).status_code == 403
    boss = Client()
    boss.force_login(cast.user("anna", staff=True))
    assert "Tick at least one match" in boss.post("/crms/decide", {"match": "x"}, follow=True).content.decode()
    assert "1 match is confirmed" in boss.post("/crms/decide", form, follow=True).content.decode()
    assert (
        "1 match is rejected"
        in boss.post("/crms/decide", {**form, "decision": "rejected"}, follow=True).content.decode()
    )
    both[1].refresh_from_db()
    assert (both[1].state, both[1].decided_by) == ("rejected", "anna")
    assert list(AuditEvent.objects.order_by("pk").values_list("action", flat=True)) == [
        "match confirmed", "match rejected",
    ]  # fmt: skip


def test_with_one_crm_the_page_says_what_a_second_would_do(people: cast.Cast, seen: Client) -> None:
    assert "This portfolio has one CRM" in seen.get("/crms").content.decode()
    assert "Both CRMs" not in seen.get("/").content.decode()
