"""The SOAP envelope of the Metadata API and of the login call: calls in, replies and faults out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from starlette.responses import Response

from connectors.sandbox.salesforce_api.xmltree import XSI, Node, XmlError, parse, render

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
METADATA = "http://soap.sforce.com/2006/04/metadata"
PARTNER = "urn:partner.soap.sforce.com"
ENTERPRISE = "urn:enterprise.soap.sforce.com"


@dataclass(frozen=True)
class SoapCall:
    """One call: its name, its arguments, and the headers that came with it."""

    operation: str
    arguments: Node
    headers: Node

    @property
    def session_id(self) -> str:
        header = self.headers.child("SessionHeader")
        return header.get("sessionId") if header else ""


class SoapFault(Exception):
    """The whole call fails. `code` is one of the service's exception codes."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read_call(body: bytes) -> SoapCall:
    """Raises SoapFault if the body is not an envelope with one call."""
    try:
        envelope = parse(body)
    except XmlError as error:
        # The service answers soapenv:Client with the parser's own words; ours differ.
        raise SoapFault("Client", f"The request is not well-formed XML: {error}") from None
    content = envelope.child("Body")
    if envelope.name != "Envelope" or content is None or not content.children:
        raise SoapFault("Client", "Missing soapenv:Body with one call in a soapenv:Envelope")
    headers = envelope.child("Header") or Node("Header")
    return SoapCall(content.children[0].name, content.children[0], headers)


def reply(operation: str, results: Iterable[Node], namespace: str = METADATA) -> Response:
    """`<operationResponse>` with the given elements inside."""
    return _response(
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns="{namespace}" xmlns:xsi="{XSI}"><soapenv:Body>'
        f"<{operation}Response>{render(results)}</{operation}Response>"
        "</soapenv:Body></soapenv:Envelope>"
    )


def fault(problem: SoapFault, namespace: str = METADATA) -> Response:
    """HTTP 500 with the code as `sf:CODE`, the way clients look for it."""
    prefix = "soapenv" if problem.code == "Client" else "sf"
    code, message = escape(problem.code), escape(problem.message, quote=False)
    detail = (
        f'<detail><sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{code}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{message}</sf:exceptionMessage></sf:LoginFault></detail>"
        if namespace != METADATA and prefix == "sf"
        else ""
    )
    sf = METADATA if namespace == METADATA else namespace.replace("urn:", "urn:fault.")
    return _response(
        f'<soapenv:Envelope xmlns:soapenv="{ENVELOPE}" xmlns:sf="{sf}" xmlns:xsi="{XSI}"><soapenv:Body>'
        f"<soapenv:Fault><faultcode>{prefix}:{code}</faultcode>"
        f"<faultstring>{code if prefix == 'sf' else ''}{': ' if prefix == 'sf' else ''}{message}</faultstring>"
        f"{detail}</soapenv:Fault></soapenv:Body></soapenv:Envelope>",
        status=500,
    )


def _response(text: str, status: int = 200) -> Response:
    document = '<?xml version="1.0" encoding="UTF-8"?>' + text
    return Response(document, status_code=status, media_type="text/xml")
