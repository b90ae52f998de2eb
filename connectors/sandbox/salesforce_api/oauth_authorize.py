"""The page of the web-server flow: a user logs in, lets an app in or not, and is sent back to the app."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from connectors.sandbox.org.consents import DEFAULT_SCOPE, Consents
from connectors.sandbox.org.org import Org
from connectors.sandbox.page import HEADERS, page
from connectors.sandbox.salesforce_api.oauth_errors import OAuthError
from connectors.sandbox.salesforce_api.oauth_identity import user_row

PATH = "/services/oauth2/authorize"
_KEPT = ("response_type", "client_id", "redirect_uri", "state", "scope", "code_challenge", "code_challenge_method")


def routes(org: Org, consents: Consents) -> list[Route]:
    door = _Door(org, consents)

    async def show(request: Request) -> Response:
        asked = dict(request.query_params)
        return await run_in_threadpool(door.show, asked)

    async def decide(request: Request) -> Response:
        form = await request.form()
        given = {**request.query_params, **{key: value for key, value in form.items() if isinstance(value, str)}}
        return await run_in_threadpool(door.decide, given)

    return [Route(PATH, show, methods=["GET"]), Route(PATH, decide, methods=["POST"])]


@dataclass(frozen=True)
class _Door:
    org: Org
    consents: Consents

    def show(self, asked: Mapping[str, str], problem: str = "") -> Response:
        refusal = self._refusal(asked)
        if refusal is not None:
            return refusal
        back = urlsplit(asked["redirect_uri"])
        # Without the app's origin here the browser would not follow the redirect that answers the form.
        policy = HEADERS["Content-Security-Policy"].replace(
            "form-action 'self'", f"form-action 'self' {back.scheme}://{back.netloc}"
        )
        headers = {**HEADERS, "Content-Security-Policy": policy}
        body = _form(self.org.name, asked, problem)
        return HTMLResponse(page("Allow access?", body), 401 if problem else 200, headers=headers)

    def decide(self, given: Mapping[str, str]) -> Response:
        """The user's decision: `approve` "yes" with a login, or anything else for no."""
        refusal = self._refusal(given)
        if refusal is not None:
            return refusal
        if given.get("approve") != "yes":
            return _back(given, {"error": "access_denied", "error_description": "end-user denied authorization"})
        user_id = self.org.sessions.check_password(given.get("username", ""), given.get("password", ""))
        if user_id is None:
            return self.show(given, "Please check your username and password.")
        policy = self.consents.policy
        if policy.preapproves and not policy.lists(user_row(self.org, user_id)["Username"]):
            description = "user is not admin approved to access this app"
            return _back(given, {"error": "OAUTH_APP_ACCESS_DENIED", "error_description": description})
        scope = given.get("scope") or DEFAULT_SCOPE
        code = self.consents.new_code(
            given["client_id"], user_id, given["redirect_uri"], scope, given.get("code_challenge", "")
        )
        return _back(given, {"code": code})

    def _refusal(self, asked: Mapping[str, str]) -> Response | None:
        """A request that cannot be put to a user. Only one from a known app to a known address is sent back."""
        address = asked.get("redirect_uri", "")
        if not self.org.sessions.knows_client(asked.get("client_id", "")):
            return _told(OAuthError("invalid_client_id", "client identifier invalid"))
        if not address:
            return _told(OAuthError("invalid_request", "redirect_uri is required"))
        if not self.consents.policy.may_return_to(address):
            return _told(OAuthError("redirect_uri_mismatch", "redirect_uri must match configuration"))
        error = self._unanswerable(asked)
        if error is None:
            return None
        return _back(asked, {"error": error.error, "error_description": error.description})

    def _unanswerable(self, asked: Mapping[str, str]) -> OAuthError | None:
        if asked.get("response_type") != "code":
            return OAuthError("unsupported_response_type", "response type not supported")
        if asked.get("code_challenge_method", "S256") != "S256":
            return OAuthError("invalid_request", "invalid code challenge method")
        if self.consents.policy.require_pkce and not asked.get("code_challenge"):
            return OAuthError("invalid_request", "missing required code challenge")
        return None


def _told(error: OAuthError) -> Response:
    text = f"<h1>The app cannot be let in</h1><p>error={html.escape(error.error)}</p>"
    return HTMLResponse(page("Error", f"{text}<p>{html.escape(error.description)}</p>"), 400, headers=HEADERS)


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    state = {"state": asked["state"]} if asked.get("state") else {}
    address = asked["redirect_uri"]
    sign = "&" if urlsplit(address).query else "?"
    return RedirectResponse(
        f"{address}{sign}{urlencode({**answer, **state})}", 302, headers={"Cache-Control": "no-store"}
    )


def _form(org_name: str, asked: Mapping[str, str], problem: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(asked[name], quote=True)}">'
        for name in _KEPT
        if name in asked
    )
    username = html.escape(asked.get("login_hint") or asked.get("username", ""), quote=True)
    scopes = html.escape(asked.get("scope") or DEFAULT_SCOPE)
    client = html.escape(asked["client_id"][:20])
    trouble = f'<p role="alert"><strong>{html.escape(problem)}</strong></p>' if problem else ""
    return (
        f"<h1>Allow access? <small>{html.escape(org_name)}</small></h1>{trouble}"
        f"<p>The app <code>{client}…</code> asks for: <strong>{scopes}</strong></p>"
        f'<form method="post" action="{PATH}">{hidden}'
        f'<p><label>User name <input name="username" value="{username}" autocomplete="username" size="40"></label></p>'
        '<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>'
        '<p><button name="approve" value="yes">Allow</button> <button name="approve" value="no">Deny</button></p>'
        "</form>"
    )
