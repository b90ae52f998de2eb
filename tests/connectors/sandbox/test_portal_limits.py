"""Limits of a portal: by ten seconds, by second for searches, by day; told in headers and in the body of a 429."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from connectors.sandbox.background import ServedPortal, serving_portal
from connectors.sandbox.portal.portal import Portal

COMPANIES = "/crm/v3/objects/companies"


@pytest.fixture
def limited(hub: ServedPortal) -> Iterator[ServedPortal]:
    hub.portal.limits.set_plan("starter")
    yield hub
    hub.portal.limits.set_plan("")


def test_ten_seconds_have_a_limit_per_app(limited: ServedPortal) -> None:
    statuses = [limited.request("GET", COMPANIES) for _ in range(101)]
    assert [each.status_code for each in statuses[:100]] == [200] * 100
    body, headers = statuses[100].json(), statuses[100].headers
    assert statuses[100].status_code == 429
    assert {name: body[name] for name in ("status", "message", "errorType", "policyName")} == {
        "status": "error", "message": "You have reached your ten_secondly_rolling limit.", "errorType": "RATE_LIMIT",
        "policyName": "TEN_SECONDLY_ROLLING",
    }  # fmt: skip
    told = {
        name: headers[f"X-HubSpot-RateLimit-{name}"] for name in ("Max", "Remaining", "Interval-Milliseconds", "Daily")
    }
    assert told == {"Max": "100", "Remaining": "0", "Interval-Milliseconds": "10000", "Daily": "250000"}
    other = {"Authorization": f"Bearer {limited.portal.apps.add_private_app()}"}
    assert limited.request("GET", COMPANIES, headers=other).status_code == 200


def test_searches_have_a_limit_of_their_own(limited: ServedPortal) -> None:
    answers = [limited.request("POST", f"{COMPANIES}/search", json={}) for _ in range(6)]
    assert [each.status_code for each in answers] == [200] * 5 + [429]
    assert answers[-1].json()["message"] == "You have reached your secondly limit."
    assert not [name for answer in answers for name in answer.headers if name.lower().startswith("x-hubspot-ratelimit")]


def test_a_day_has_a_limit_that_outlives_a_restart(tmp_path: Path) -> None:
    with Portal.open(tmp_path) as portal, serving_portal(portal) as served:
        portal.set_setting("daily_limit", 3)
        portal.limits.refresh()
        assert [served.request("GET", COMPANIES).status_code for _ in range(3)] == [200] * 3
    with Portal.open(tmp_path) as portal, serving_portal(portal) as served:
        answer = served.request("GET", COMPANIES)
        assert (answer.status_code, answer.json()["policyName"]) == (429, "DAILY")
        used, allowed, ends = portal.limits.today()
        assert (used, allowed) == (3, 3)
        portal.set_clock(ends)  # a new day
        answer = served.request("GET", "/account-info/v3/api-usage/daily/private-apps")
        (usage,) = answer.json()["results"]
        assert (usage["currentUsage"], usage["usageLimit"]) == (1, 3)
        assert usage["resetsAt"] > usage["collectedAt"]


def test_an_oauth_app_is_told_no_daily_limit(hub: ServedPortal) -> None:
    apps = hub.portal.apps
    token = apps.issue_access(apps.grant(hub.portal.admin.user_id, ["crm.objects.companies.read"]))
    headers = hub.request("GET", COMPANIES, headers={"Authorization": f"Bearer {token}"}).headers
    assert headers["X-HubSpot-RateLimit-Max"] == "110"
    assert "X-HubSpot-RateLimit-Daily" not in headers
    apps.end(token)
    expired = hub.request("GET", COMPANIES, headers={"Authorization": f"Bearer {token}"})
    assert (expired.status_code, expired.json()["category"]) == (401, "EXPIRED_AUTHENTICATION")
