"""One org, served over http and over https, one portal, and the clients of other people that drive them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.api import Salesforce

from connectors.sandbox.background import Served, ServedPortal, serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from tests.contract.clients.simple import VERSION, session

ROOT = Path(__file__).parents[3]
NODE = shutil.which("node")


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    with Org.open(tmp_path_factory.mktemp("org")) as opened:
        yield opened


@pytest.fixture(scope="module")
def served(org: Org) -> Iterator[Served]:
    """Over plain http."""
    with serving(org) as found:
        yield found


@pytest.fixture(scope="module")
def served_tls(org: Org) -> Iterator[Served]:
    """The same org over https."""
    with serving(org, tls=True) as found:
        yield found


@pytest.fixture(scope="module")
def trusted(served_tls: Served) -> Iterator[None]:
    """The metadata client of simple-salesforce makes a session of its own, which takes the certificate from here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", served_tls.facts["certificate"])
        yield


@pytest.fixture(scope="module")
def client(served_tls: Served, trusted: None) -> Iterator[Any]:
    """`simple-salesforce` with a session; it does not log in again by itself."""
    with session(served_tls) as through:
        made = Salesforce(
            session_id=served_tls.facts["access_token"], instance_url=served_tls.url, version=VERSION, session=through
        )
        yield made
        made.mdapi._client.transport.session.close()


@pytest.fixture(scope="module")
def jsforce(served: Served) -> Callable[..., dict[str, Any]]:
    """Runs a script of this folder, which drives the org with jsforce, and returns what it saw."""
    return _node("jsforce", served.facts)


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    """A portal over plain http."""
    with Portal.open(tmp_path_factory.mktemp("portal")) as opened, serving_portal(opened) as found:
        yield found


@pytest.fixture(scope="module")
def hubspot_js(portal: ServedPortal) -> Callable[..., dict[str, Any]]:
    """Runs a script of this folder, which drives the portal with HubSpot's client for node."""
    return _node("@hubspot/api-client", portal.facts)


def _node(package: str, facts: Mapping[str, str]) -> Callable[..., dict[str, Any]]:
    if NODE is None or not (ROOT / "node_modules" / package).is_dir():
        pytest.skip(f"node or its package {package} is not installed")
    node = NODE

    def run(script: str, **more: str) -> dict[str, Any]:
        command = [node, str(Path(__file__).with_name(script)), json.dumps({**facts, **more})]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        seen: dict[str, Any] = json.loads(done.stdout)
        return seen

    return run
