"""The currency of an org that has one.

No record says it, and neither does the organisation's own record; `getUserInfo` of the SOAP API does
(`orgDefaultCurrencyIsoCode`, SOAP API Developer Guide, GetUserInfoResult), for orgs with a single currency only.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from lxml import etree

from connectors.salesforce.client import Client
from connectors.salesforce.errors import half_reply
from connectors.salesforce.sending import host_of

_NS = "urn:partner.soap.sforce.com"
_CALL = (
    '<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
    f'xmlns="{_NS}"><soapenv:Header><SessionHeader><sessionId>%s</sessionId></SessionHeader></soapenv:Header>'
    "<soapenv:Body><getUserInfo/></soapenv:Body></soapenv:Envelope>"
)


def currency(client: Client) -> str:
    """Its code; "" in an org with several currencies, where every record says its own."""
    content = client.soap(lambda session_id: (_CALL % escape(session_id)).encode(), face="u")
    try:
        reply = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        raise half_reply(host_of(client.address)) from None
    if (reply.findtext(f".//{{{_NS}}}organizationMultiCurrency") or "").strip() == "true":
        return ""
    return (reply.findtext(f".//{{{_NS}}}orgDefaultCurrencyIsoCode") or "").strip().upper()
