"""What clients of other people do when a session has ended, and when the day's calls are used up."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceExpiredSession, SalesforceRefusedRequest

from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org
from tests.contract.clients.simple import VERSION, error_of, log_in, session

USERS = "SELECT Id FROM User LIMIT 1"


@pytest.fixture
def used_up(tmp_path: Path) -> Iterator[Served]:
    """An org that has three calls a day."""
    with Org.open(tmp_path) as org:
        org.set_setting("api_limit", 3)
    with Org.open(tmp_path) as org, serving(org, tls=True) as served:
        yield served


def test_jsforce_gets_a_new_token_once_and_goes_on(served: Served, jsforce: Callable[..., dict[str, Any]]) -> None:
    assert jsforce("refresh.mjs") == {
        "refreshed": 1,
        "users": 1,
        "identity": served.facts["username"],
        "refused": "INVALID_SESSION_ID",
    }


def test_simple_salesforce_is_told_that_its_session_has_ended(served_tls: Served, trusted: None) -> None:
    with session(served_tls) as through:
        client = Salesforce(session_id="an old token", instance_url=served_tls.url, version=VERSION, session=through)
        with pytest.raises(SalesforceExpiredSession) as ended:
            client.query(USERS)
        assert error_of(ended.value)["errorCode"] == "INVALID_SESSION_ID"


def test_simple_salesforce_logs_in_again_where_it_knows_the_password(served_tls: Served, trusted: None) -> None:
    with session(served_tls) as through:
        client = log_in(served_tls, served_tls.facts["password"], through)
        served_tls.org.sessions.revoke(client.session_id)
        assert client.query(USERS)["totalSize"] == 1


def test_the_call_after_the_last_one_of_the_day_is_refused(used_up: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", used_up.facts["certificate"])
    with session(used_up) as through:
        token = used_up.facts["access_token"]
        client = Salesforce(session_id=token, instance_url=used_up.url, version=VERSION, session=through)
        for _ in range(3):
            client.query(USERS)
        assert client.api_usage["api-usage"].used == 3
        with pytest.raises(SalesforceRefusedRequest) as refused:
            client.query(USERS)
        assert error_of(refused.value)["errorCode"] == "REQUEST_LIMIT_EXCEEDED"
