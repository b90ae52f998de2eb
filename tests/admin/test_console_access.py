"""Who may see and do what in the console, and what every answer carries to protect them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, override_settings

from admin.supervisor import private_redis
from sync import queue
from sync.models import Connection, Run
from tests.admin import console_cast as cast

pytestmark = pytest.mark.django_db

PAGES = (
    "/",
    "/runs",
    "/runs/1",
    "/accounts",
    "/accounts/1",
    "/accounts.csv",
    "/alerts",
    "/alerts/1",
    "/quality",
    "/quality/findings",
    "/overrides",
    "/overrides/1",
    "/overrides.csv",
    "/mandatory",
    "/review",
    "/review.csv",
    "/calibrations",
    "/calibrations/1",
    "/calibrations/1/accounts.csv",
)


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser of somebody who may start runs."""
    client.force_login(cast.user("staff", staff=True))
    return client


@pytest.mark.parametrize("address", PAGES)
def test_nothing_is_shown_before_logging_in(client: Client, address: str) -> None:
    reply = client.get(address)
    assert reply.status_code == 302
    assert reply.headers["Location"].startswith("/login?next=")


def test_logging_in_leads_to_the_runs_and_logging_out_back(client: Client) -> None:
    cast.user("mika")
    reply = client.post("/login", {"username": "mika", "password": cast.PASSWORD})
    assert reply.headers["Location"] == "/runs"
    assert client.get("/runs").status_code == 200
    assert client.post("/logout").headers["Location"] == "/login"
    assert client.get("/runs").status_code == 302


def test_a_wrong_password_is_told_in_words(client: Client) -> None:
    cast.user("mika")
    page = client.post("/login", {"username": "mika", "password": "guess"}).content.decode()
    assert "This name and password do not match" in page


def test_logging_in_does_not_lead_to_another_site(client: Client) -> None:
    cast.user("mika")
    form = {"username": "mika", "password": cast.PASSWORD, "next": "https://evil.example/"}
    assert client.post("/login", form).headers["Location"] == "/runs"


def test_a_form_without_its_token_is_refused_in_words() -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.user("staff", staff=True))
    cast.setup()
    reply = browser.post("/runs/start")
    assert reply.status_code == 403
    assert "This form has expired" in reply.content.decode()
    assert not Run.objects.exists()


def test_only_staff_start_runs(seen: Client) -> None:
    cast.setup()
    assert "Start run" not in seen.get("/runs").content.decode()
    reply = seen.post("/runs/start")
    assert reply.status_code == 403
    assert "You may not do this" in reply.content.decode()
    assert not Run.objects.exists()


def test_a_run_is_not_started_by_following_a_link(staff: Client) -> None:
    assert staff.get("/runs/start").status_code == 405


def test_without_a_queue_starting_says_what_to_do(staff: Client) -> None:
    cast.setup()
    page = staff.post("/runs/start", follow=True).content.decode()
    assert "Start everything with `tierline up`" in page
    assert not Run.objects.exists()


def test_staff_start_a_run_and_see_it(staff: Client) -> None:
    portfolio, *_ = cast.setup()
    with private_redis() as url, override_settings(REDIS_URL=url):
        assert "No worker is running" in staff.post("/runs/start", follow=True).content.decode()
        worker: Any = queue.worker(queue.redis())
        worker.register_birth()
        reply = staff.post("/runs/start")
        run = Run.objects.get()
        assert reply.headers["Location"] == f"/runs/{run.pk}"
        assert (run.portfolio, run.requested_by) == (portfolio, "staff")
        assert "is still at work" in staff.post("/runs/start", follow=True).content.decode()
        Run.objects.all().delete()
        Connection.objects.all().delete()
        assert "has no CRM yet" in staff.post("/runs/start", follow=True).content.decode()


def test_health_needs_no_login_and_names_what_is_wrong(client: Client) -> None:
    reply = client.get("/health")
    assert reply.status_code == 503
    assert reply.json() == {"status": "failing", "database": "ok", "queue": "unreachable"}
    with private_redis() as url, override_settings(REDIS_URL=url):
        assert client.get("/health").json() == {"status": "ok", "database": "ok", "queue": "ok"}


@pytest.mark.parametrize("address", ["/login", "/runs", "/nothing-here"])
def test_every_page_carries_the_security_headers(seen: Client, address: str) -> None:
    headers = seen.get(address).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize(
    "address",
    [
        f"/{kind}/{number}"
        for kind in ("runs", "accounts", "alerts", "overrides", "calibrations")
        for number in ("0", "999", "9" * 30, "-1", "x")
    ],
)
def test_what_does_not_exist_is_told_in_words(seen: Client, address: str) -> None:
    reply = seen.get(address)
    assert reply.status_code == 404
    assert "This page does not exist" in reply.content.decode()


def test_a_failure_of_ours_is_told_in_words_without_details(seen: Client) -> None:
    seen.raise_request_exception = False
    cast.build()
    Run.objects.update(step="unknown step")
    reply = seen.get(f"/runs/{Run.objects.get().pk}")
    assert reply.status_code == 500
    assert "The console could not show this page" in reply.content.decode()
    assert "Traceback" not in reply.content.decode()


@pytest.mark.parametrize("chosen", ["x", "", "999", "9" * 30])
def test_an_unknown_portfolio_is_not_chosen(seen: Client, chosen: str) -> None:
    assert seen.post("/portfolio", {"portfolio": chosen}).status_code == 404


def test_a_person_chooses_between_portfolios(seen: Client) -> None:
    cast.setup("emea")
    other, *_ = cast.setup("apac")
    assert "emea" in seen.get("/").context["portfolio"].name
    seen.post("/portfolio", {"portfolio": other.pk})
    assert seen.get("/").context["portfolio"] == other
