"""One org per CRM for the whole suite; each connector of the registry must have its ground here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from connectors.base import Crm
from connectors.registry import CRMS
from connectors.sandbox.background import serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from tests.contract.ground import Ground
from tests.contract.hubspot import HubspotGround
from tests.contract.salesforce import SalesforceGround


@contextmanager
def _salesforce(home: Path) -> Iterator[Ground]:
    with Org.open(home) as org, serving(org) as served:
        yield SalesforceGround(served)


@contextmanager
def _hubspot(home: Path) -> Iterator[Ground]:
    with Portal.open(home) as portal, serving_portal(portal) as served:
        yield HubspotGround(served)


GROUNDS: Mapping[str, Callable[[Path], AbstractContextManager[Ground]]] = {
    "salesforce": _salesforce,
    "hubspot": _hubspot,
}


@pytest.fixture(scope="module", params=sorted(CRMS))
def _opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    with GROUNDS[request.param](tmp_path_factory.mktemp("crm")) as ground:
        yield ground


@pytest.fixture
def ground(_opened: Ground) -> Iterator[Ground]:
    """The other side, without faults and with an empty request log."""
    _opened.heal()
    yield _opened
    _opened.heal()


@pytest.fixture
def crm(ground: Ground) -> Crm:
    """A new connection."""
    return ground.connect()


@pytest.fixture(scope="module")
def _fields(_opened: Ground) -> None:
    crm = _opened.connect()
    crm.apply_schema(crm.plan_schema([_opened.segment, _opened.level, _opened.reason, _opened.score]))


@pytest.fixture
def installed(_fields: None, ground: Ground) -> Ground:
    """The ground with our fields."""
    return ground


@pytest.fixture(params=sorted(CRMS))
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Ground]:
    """An org of its own, without our fields."""
    with GROUNDS[request.param](tmp_path) as ground:
        yield ground
