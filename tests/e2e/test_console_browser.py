"""The console in a real browser: what scripts, styles and the content policy do together."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import timezone

from sync.alerts.channels.base import Item, Listed, Message
from sync.fixing import links
from sync.models import Delivery, Run
from tests.admin import console_cast as cast

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(BROWSER is None, reason="no Chromium or Chrome is installed"),
]
PHONE = {"width": 390, "height": 844}


@dataclass
class Visitor:
    """A browser tab, and every complaint the browser made in it."""

    tab: Any
    base: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, address: str) -> None:
        self.tab.goto(self.base + address)

    def log_in(self, name: str) -> None:
        self.open("/login")
        self.tab.get_by_label("Name").fill(name)
        self.tab.get_by_label("Password").fill(cast.PASSWORD)
        self.tab.get_by_role("button", name="Log in").click()
        self.tab.wait_for_url("**/runs")

    def shows(self, text: str) -> None:
        self.tab.get_by_text(text).first.wait_for(timeout=10_000)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # The browser's driver runs an event loop in this thread, and Django would refuse to reach its database there.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def people(transactional_db: None) -> cast.Cast:
    cast.user("mika")
    return cast.build()


@pytest.fixture
def visitor(chromium: Any, live_server: Any, people: cast.Cast) -> Iterator[Visitor]:
    context = chromium.new_context()
    yield from _visit(context, live_server.url)


@pytest.fixture
def without_scripts(chromium: Any, live_server: Any, people: cast.Cast) -> Iterator[Visitor]:
    context = chromium.new_context(java_script_enabled=False)
    yield from _visit(context, live_server.url)


def _visit(context: Any, base: str) -> Iterator[Visitor]:
    tab = context.new_page()
    found = Visitor(tab, base)
    tab.on("console", lambda message: found.complaints.append(message.text) if message.type == "error" else None)
    tab.on("pageerror", lambda error: found.complaints.append(str(error)))
    tab.on("request", lambda request: found.requests.append(request.url))
    yield found
    context.close()


def at_work(people: cast.Cast, done: int) -> None:
    """Put the run back to work, so far with its sending."""
    progress = {"send": {"done": done, "total": 1902, "note": "records"}}
    Run.objects.filter(pk=people.run.pk).update(state=Run.State.ACTIVE, step=Run.Step.SEND, progress=progress)


def addresses(people: cast.Cast) -> list[str]:
    pages = [f"/runs/{people.run.pk}", f"/accounts/{people.gold.pk}", f"/alerts/{people.alert.pk}"]
    pages += ["/alerts/messages/channels", f"/alerts/people/{people.alert.owner_id}"]
    pages += [f"/overrides/{people.gold.overrides.get().pk}", f"/calibrations/{cast.proposal(people).pk}"]
    pages += [f"/findings/{people.alert.findings.all()[0].pk}/fix", f"/alerts/{people.alert.pk}/fix", "/alerts/import"]
    cast.moves(people)
    return ["/", "/runs", "/accounts", "/alerts", "/alerts/messages", "/overrides", "/review", "/calibrations", *pages]


def test_no_page_makes_the_browser_complain_or_scroll_sideways(visitor: Visitor, people: cast.Cast) -> None:
    visitor.log_in("mika")
    visitor.tab.set_viewport_size(PHONE)
    for address in addresses(people):
        visitor.open(address)
        assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], address
    assert visitor.complaints == []
    assert all(url.startswith((visitor.base, "data:")) for url in visitor.requests)


def test_progress_moves_by_itself_and_stops_with_the_run(visitor: Visitor, people: cast.Cast) -> None:
    at_work(people, 400)
    visitor.log_in("mika")
    visitor.open(f"/runs/{people.run.pk}")
    visitor.shows("400 of 1,902")
    at_work(people, 1200)
    visitor.shows("1,200 of 1,902")
    Run.objects.filter(pk=people.run.pk).update(state=Run.State.DONE, step=Run.Step.ALERTS)
    visitor.tab.get_by_role("heading", name="done").wait_for(timeout=10_000)
    visitor.tab.wait_for_load_state()
    visitor.requests.clear()
    visitor.tab.wait_for_timeout(2500)
    assert [url for url in visitor.requests if url.endswith("/progress")] == []
    assert visitor.complaints == []


def test_progress_asks_for_the_login_again_when_it_has_ended(visitor: Visitor, people: cast.Cast) -> None:
    at_work(people, 400)
    visitor.log_in("mika")
    visitor.open(f"/runs/{people.run.pk}")
    visitor.tab.context.clear_cookies()
    visitor.tab.wait_for_url(re.compile(r"/login\?next="), timeout=10_000)


def test_progress_is_seen_without_scripts(without_scripts: Visitor, people: cast.Cast) -> None:
    at_work(people, 400)
    without_scripts.log_in("mika")
    without_scripts.open(f"/runs/{people.run.pk}")
    at_work(people, 1200)
    without_scripts.tab.reload()
    without_scripts.shows("1,200 of 1,902")


def test_a_link_of_a_mail_is_answered_on_a_phone_without_scripts_cookies_or_a_login(
    without_scripts: Visitor, people: cast.Cast
) -> None:
    message = Delivery.objects.get(channel="email")
    address = links.make(message, "finding", people.alert.findings.all()[0].pk)
    without_scripts.tab.set_viewport_size(PHONE)
    without_scripts.open(address[address.index("/fix/") :])
    assert without_scripts.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    without_scripts.tab.locator("#choice").select_option("growth_partner")
    without_scripts.tab.get_by_role("button", name="Save").click()
    without_scripts.tab.get_by_role("heading", name="Nothing was written").wait_for()  # this cast has no CRM behind it
    assert without_scripts.tab.context.cookies() == []


def test_a_mail_can_be_read_on_a_phone(visitor: Visitor, people: cast.Cast) -> None:
    day, address = date(2026, 11, 27), "https://acme.example/alerts/1"
    item = Item("Kone Power Oy", address, "Value profile is missing. " * 5, "Set the field Value profile. " * 5)
    listed = Listed("1 record: Value missing", "missing", "You own it.", [item], 1, day, address)
    message = Message("TL-1", "Mika", "", "", listed.title, [listed], 1, day, address, timezone.now())
    visitor.tab.set_viewport_size(PHONE)
    visitor.tab.set_content(render_to_string("alerts/mail.html", {"message": message}))
    visitor.shows("Please mend this by")
    assert visitor.tab.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_the_keyboard_alone_is_enough(visitor: Visitor, people: cast.Cast) -> None:
    visitor.open("/login")
    visitor.tab.locator("#id_username:focus").wait_for()
    visitor.tab.keyboard.type("mika")
    visitor.tab.keyboard.press("Tab")
    visitor.tab.keyboard.type(cast.PASSWORD)
    visitor.tab.keyboard.press("Enter")
    visitor.tab.wait_for_url("**/runs")
    visitor.tab.keyboard.press("Tab")
    assert visitor.tab.evaluate("document.activeElement.textContent") == "Skip to content"
    visitor.tab.keyboard.press("Enter")
    assert visitor.tab.evaluate("document.activeElement.id") == "content"
