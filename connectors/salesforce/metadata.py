"""The Metadata API's synchronous calls: read components as they are, and create or replace them.

These calls answer at once and per component, so that a plan can be made from what is there and an error names
its field; a deploy would need a zip and polling for the same few components. The envelopes are built here
because simple-salesforce's own metadata client (zeep) brings a transport of its own, which neither our
session nor our retries reach.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from lxml import etree

from connectors.errors import ConnectorError, Fatal
from connectors.salesforce.client import API_VERSION, Client
from connectors.salesforce.errors import Fault, from_fault, half_reply
from connectors.salesforce.sending import host_of

Element = Any  # lxml has no types

NS = "http://soap.sforce.com/2006/04/metadata"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_TYPE = f"{{{_XSI}}}type"
# unverified: ten components in one Metadata API call.
#: Components in one call.
CALL_LIMIT = 10


class MetadataApi:
    """Reads and writes components of one org."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, component_type: str, names: Iterable[str]) -> dict[str, Element]:
        """Components by full name; those that do not exist are absent."""
        found: dict[str, Element] = {}
        for chunk in _chunks(names):
            call = etree.Element(f"{{{NS}}}readMetadata", nsmap={None: NS})
            put(call, "type", component_type)
            for name in chunk:
                add(call, "fullNames", name)
            for record in self._call(call).iterfind(f".//{{{NS}}}records"):
                if name := text_of(record, "fullName"):
                    found[name] = record
        return found

    def names(self, component_type: str) -> set[str]:
        """Full names of all components of a type."""
        call = etree.Element(f"{{{NS}}}listMetadata", nsmap={None: NS})
        query = add(call, "queries")
        put(query, "type", component_type)
        put(call, "asOfVersion", API_VERSION)
        return {text_of(record, "fullName") for record in self._call(call).iterfind(f".//{{{NS}}}result")}

    def upsert(self, component_type: str, components: Sequence[Element]) -> None:
        """Creates or replaces components whole. Raises the error of the first one that is refused."""
        for chunk in _chunks(components):
            call = etree.Element(f"{{{NS}}}upsertMetadata", nsmap={None: NS, "xsi": _XSI})
            for component in chunk:
                call.append(_sendable(component, component_type))
            results = self._call(call).findall(f".//{{{NS}}}result")
            if len(results) != len(chunk):
                raise half_reply(host_of(self._client.address))
            for result in results:
                self._raise_refusal(component_type, result)

    def delete(self, component_type: str, names: Iterable[str]) -> None:
        """Deletes components. Raises the error of the first one that is refused."""
        for chunk in _chunks(names):
            call = etree.Element(f"{{{NS}}}deleteMetadata", nsmap={None: NS})
            put(call, "type", component_type)
            for name in chunk:
                add(call, "fullNames", name)
            results = self._call(call).findall(f".//{{{NS}}}result")
            if len(results) != len(chunk):
                raise half_reply(host_of(self._client.address))
            for result in results:
                self._raise_refusal(component_type, result)

    def _raise_refusal(self, component_type: str, result: Element) -> None:
        if text_of(result, "success") == "true":
            return
        error = result.find(f"{{{NS}}}errors")
        code = text_of(error, "statusCode") if error is not None else ""
        message = text_of(error, "message") if error is not None else ""
        name = text_of(result, "fullName")
        mapped = from_fault(Fault(code, message), host_of(self._client.address))
        if type(mapped) is not Fatal:
            raise mapped
        raise _not_created(component_type, name, code, message)

    def _call(self, body: Element) -> Element:
        content = self._client.soap(lambda session_id: _envelope(body, session_id))
        parser = etree.XMLParser(resolve_entities=False, no_network=True)
        try:
            return etree.fromstring(content, parser)
        except etree.XMLSyntaxError:
            raise half_reply(host_of(self._client.address)) from None


def _not_created(component_type: str, name: str, code: str, message: str) -> ConnectorError:
    return Fatal(
        f"Salesforce refuses {component_type} {name}: {' '.join(message.split())}",
        next_step="Correct what the message names in Setup, then plan and apply again.",
        code=code,
    )


def component(name: str) -> Element:
    """A new component with nothing but its full name."""
    element = etree.Element(f"{{{NS}}}component", nsmap={None: NS})
    put(element, "fullName", name)
    return element


def add(parent: Element, tag: str, text: str = "") -> Element:
    """One more child, also where there are others of that name."""
    child = etree.SubElement(parent, f"{{{NS}}}{tag}")
    child.text = text or None
    return child


def put(parent: Element, tag: str, text: str) -> None:
    """The only child of that name gets this text."""
    child = parent.find(f"{{{NS}}}{tag}")
    if child is None:
        add(parent, tag, text)
    else:
        child.text = text


def drop(parent: Element, tag: str) -> None:
    """Removes all children of that name."""
    for child in parent.findall(f"{{{NS}}}{tag}"):
        parent.remove(child)


def child_of(parent: Element, tag: str) -> Element | None:
    return parent.find(f"{{{NS}}}{tag}")


def children_of(parent: Element, tag: str) -> list[Element]:
    return list(parent.findall(f"{{{NS}}}{tag}"))


def text_of(parent: Element, tag: str) -> str:
    """The text of a child, "" if there is none."""
    return (parent.findtext(f"{{{NS}}}{tag}") or "").strip()


def _sendable(element: Element, component_type: str) -> Element:
    """A copy as upsertMetadata takes it: its type named, children in the order of the WSDL."""
    metadata = etree.Element(f"{{{NS}}}metadata", nsmap={None: NS, "xsi": _XSI})
    metadata.set(_TYPE, component_type)
    metadata.extend(copy.deepcopy(child) for child in element)
    in_order(metadata)
    return metadata


def in_order(element: Element) -> None:
    """Sorts children as the WSDL's sequences have them, alphabetically behind the inherited fullName.

    Repeated elements keep their order.
    """
    children = sorted(
        (child for child in element if isinstance(child.tag, str)),
        key=lambda child: (etree.QName(child).localname != "fullName", etree.QName(child).localname),
    )
    element[:] = children
    for child in children:
        in_order(child)


def _envelope(body: Element, session_id: str) -> bytes:
    envelope = etree.Element(f"{{{_ENVELOPE}}}Envelope", nsmap={"soapenv": _ENVELOPE})
    header = etree.SubElement(envelope, f"{{{_ENVELOPE}}}Header")
    session = etree.SubElement(header, f"{{{NS}}}SessionHeader", nsmap={None: NS})
    add(session, "sessionId", session_id)
    etree.SubElement(envelope, f"{{{_ENVELOPE}}}Body").append(copy.deepcopy(body))
    content: bytes = etree.tostring(envelope, encoding="UTF-8", xml_declaration=True)
    return content


def _chunks(items: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(items)
    while chunk := list(islice(rest, CALL_LIMIT)):
        yield chunk
