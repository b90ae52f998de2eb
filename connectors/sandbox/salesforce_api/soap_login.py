"""The old SOAP API: `login`, `logout`, `getUserInfo` and `merge` at `/services/Soap/u/{version}` and `/c/{version}`.

The login is only for older clients: the service retires login() in 2027, and API versions from 65 on do not have it.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from connectors.sandbox.org import currencies
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api import soap, soap_merge
from connectors.sandbox.salesforce_api.bearer import Endpoint, base_url
from connectors.sandbox.salesforce_api.oauth_identity import user_row
from connectors.sandbox.salesforce_api.soap import ENTERPRISE, PARTNER, SoapCall, SoapFault
from connectors.sandbox.salesforce_api.xmltree import Node, branch, leaf

LAST_VERSION = 64.0
_SESSION_SECONDS = 7200
_NAMESPACES = {"u": PARTNER, "c": ENTERPRISE}


def routes(org: Org) -> list[Route]:
    return [
        Route(f"/services/Soap/{face}/{{version}}{rest}", _endpoint(org, face), methods=["POST"])
        for face in _NAMESPACES
        for rest in ("", "/{org}")
    ]


def _endpoint(org: Org, face: str) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        body = await request.body()
        return await run_in_threadpool(_answer, org, face, request, body)

    return endpoint


def _answer(org: Org, face: str, request: Request, body: bytes) -> Response:
    version, namespace = request.path_params["version"], _NAMESPACES[face]
    try:
        call = soap.read_call(body)
        if call.operation == "login":
            return soap.reply("login", [_login(org, request, call, face, version)], namespace)
        user_id = org.sessions.user_of(call.session_id)
        if user_id is None:
            raise SoapFault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
        if call.operation == "logout":
            org.sessions.revoke(call.session_id)
            return soap.reply("logout", [], namespace)
        if call.operation == "getUserInfo":
            return soap.reply("getUserInfo", [_user_info("result", org, user_id)], namespace)
        if call.operation == "merge":
            return soap.reply("merge", soap_merge.merge(org, call, user_id), namespace)
        raise SoapFault("UNKNOWN_EXCEPTION", f"The sandbox does not offer the call {call.operation}")
    except SoapFault as problem:
        return soap.fault(problem, namespace)


def _login(org: Org, request: Request, call: SoapCall, face: str, version: str) -> Node:
    if not _has_login(version):
        raise SoapFault("UNSUPPORTED_API_VERSION", f"login() is not part of API version {version}")
    user_id = org.sessions.check_password(call.arguments.get("username"), call.arguments.get("password"))
    if user_id is None:
        raise SoapFault("INVALID_LOGIN", "Invalid username, password, security token; or user locked out.")
    token = org.sessions.issue(user_id)
    base, short_id = base_url(request), org.org_id[:15]
    return branch(
        "result",
        leaf("metadataServerUrl", f"{base}/services/Soap/m/{version}/{short_id}"),
        leaf("passwordExpired", False),
        leaf("sandbox", False),
        leaf("serverUrl", f"{base}/services/Soap/{face}/{version}/{short_id}"),
        leaf("sessionId", token),
        leaf("userId", user_id),
        _user_info("userInfo", org, user_id),
    )


def _has_login(version: str) -> bool:
    try:
        return float(version) <= LAST_VERSION
    except ValueError:
        return False


def _user_info(name: str, org: Org, user_id: str) -> Node:
    user = user_row(org, user_id)
    several = bool(currencies.held(org.definitions))
    return branch(
        name,
        leaf("organizationId", org.org_id),
        leaf("organizationMultiCurrency", several),
        leaf("organizationName", org.name),
        *([] if several else [leaf("orgDefaultCurrencyIsoCode", currencies.single(org))]),
        leaf("sessionSecondsValid", _SESSION_SECONDS),
        leaf("userEmail", user["Email"]),
        leaf("userFullName", user["Name"]),
        leaf("userId", user_id),
        leaf("userLanguage", "en_US"),
        leaf("userLocale", "en_US"),
        leaf("userName", user["Username"]),
        leaf("userTimeZone", "GMT"),
        leaf("userType", "Standard"),
    )
