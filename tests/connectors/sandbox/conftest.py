"""A running sandbox for the tests of its faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import simple_salesforce
from lxml import etree

from connectors.sandbox.background import Served, ServedPortal, serving, serving_portal
from connectors.sandbox.org.org import Org
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.salesforce_api.soap import ENVELOPE, METADATA, read_call
from connectors.sandbox.salesforce_api.xmltree import XSI, Node

XSD = "http://www.w3.org/2001/XMLSchema"


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
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedPortal]:
    """A served portal."""
    with Portal.open(tmp_path_factory.mktemp("portal")) as opened, serving_portal(opened) as found:
        yield found


@pytest.fixture(scope="session")
def metadata_schema() -> Any:
    """The schema of the Metadata API's replies, out of the WSDL that simple-salesforce ships."""
    wsdl = etree.parse(Path(simple_salesforce.__file__).parent / "metadata.wsdl")
    schema = wsdl.find(f".//{{{XSD}}}schema")
    for unused in schema.xpath("//*[@name='targetConfigs']"):  # refers to a type that the file lacks
        unused.getparent().remove(unused)
    # Serialized and read again, the schema carries the namespaces that stood on the elements around it.
    return etree.XMLSchema(etree.fromstring(etree.tostring(schema)))


@pytest.fixture(scope="module")
def metadata(served: Served, metadata_schema: Any) -> Callable[[str, str], Node]:
    """Makes one Metadata API call and returns the reply's element; faults too. Replies must fit the WSDL."""

    def call(operation: str, arguments: str) -> Node:
        envelope = (
            f'<e:Envelope xmlns:e="{ENVELOPE}" xmlns:xsi="{XSI}"><e:Header><SessionHeader xmlns="{METADATA}">'
            f"<sessionId>{served.facts['access_token']}</sessionId></SessionHeader></e:Header>"
            f'<e:Body><{operation} xmlns="{METADATA}">{arguments}</{operation}></e:Body></e:Envelope>'
        )
        answer = served.session.post(f"{served.facts['metadata_url']}/63.0", data=envelope.encode(), timeout=30)
        body = etree.fromstring(answer.content).find(f"{{{ENVELOPE}}}Body")
        if answer.status_code == 200:
            for absent in body.findall(f".//{{{METADATA}}}records[@{{{XSI}}}nil]"):
                absent.getparent().remove(absent)  # what is not there is read as nil, which the WSDL does not tell
            metadata_schema.assertValid(body[0])
        return read_call(answer.content).arguments

    return call
