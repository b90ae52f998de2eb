"""The page on which a user logs in, lets an app in or not, and is sent back to the app."""

from __future__ import annotations

import hmac
import html
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response

from connectors.sandbox.page import HEADERS, page
from connectors.sandbox.portal.apps import ALL_SCOPES
from connectors.sandbox.portal.owners import Owner
from connectors.sandbox.portal.portal import Portal

_KEPT = ("client_id", "redirect_uri", "scope", "optional_scope", "state")
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Door:
    """Who lets the OAuth app of a portal in. Apps may send people back to any address of this machine."""

    portal: Portal

    def show(self, asked: Mapping[str, str], problem: str = "") -> Response:
        refusal = self._refusal(asked)
        if refusal:
            return _told(refusal)
        back = urlsplit(asked["redirect_uri"])
        # Without the app's origin here the browser would not follow the redirect that answers the form.
        policy = HEADERS["Content-Security-Policy"].replace(
            "form-action 'self'", f"form-action 'self' {back.scheme}://{back.netloc}"
        )
        body = _form(self.portal, asked, problem)
        headers = {**HEADERS, "Content-Security-Policy": policy}
        return HTMLResponse(page("Connect app", body), 401 if problem else 200, headers=headers)

    def decide(self, given: Mapping[str, str]) -> Response:
        """The user's decision: `approve` "yes" with a login, or anything else for no."""
        refusal = self._refusal(given)
        if refusal:
            return _told(refusal)
        if given.get("approve") != "yes":
            denied = {"error": "access_denied", "error_description": "the user denied access"}
            return _back(given, denied)
        user = self._user(given)
        if user is None:
            return self.show(given, "E-mail address or password is wrong.")
        if user.id != self.portal.admin.id:
            # unverified: only a super admin, or a user with the permission for the app marketplace, connects an app.
            return self.show(given, "You need to be a super admin of this account to connect an app.")
        scopes = tuple(dict.fromkeys(f"{given.get('scope', '')} {given.get('optional_scope', '')}".split()))
        grant = self.portal.apps.grant(user.user_id, scopes, given["redirect_uri"])
        return _back(given, {"code": self.portal.apps.issue_code(grant)})

    def _user(self, given: Mapping[str, str]) -> Owner | None:
        right = hmac.compare_digest(self.portal.apps.password.encode(), given.get("password", "").encode())
        user = self.portal.owners.by_email(given.get("email", "")) if right else None
        return user if user and not user.archived else None

    def _refusal(self, asked: Mapping[str, str]) -> str:
        """Why a request cannot be put to a user; "" if it can."""
        if asked.get("client_id") != self.portal.apps.client.client_id:
            return "No app has this client id."
        back = urlsplit(asked.get("redirect_uri", ""))
        if back.scheme not in ("http", "https") or back.hostname not in _LOCAL:
            return "The redirect address does not match the one that the app was registered with."
        scopes = asked.get("scope", "").split()
        unknown = [scope for scope in scopes if scope not in ALL_SCOPES]
        if unknown or not scopes:
            return f"The app asks for scopes that do not exist: {' '.join(unknown) or 'none'}."
        return ""


def _told(problem: str) -> Response:
    text = f"<h1>The app cannot be connected</h1><p>{html.escape(problem)}</p>"
    return HTMLResponse(page("Error", text), 400, headers=HEADERS)


def _back(asked: Mapping[str, str], answer: Mapping[str, str]) -> Response:
    state = {"state": asked["state"]} if asked.get("state") else {}
    address = asked["redirect_uri"]
    sign = "&" if urlsplit(address).query else "?"
    where = f"{address}{sign}{urlencode({**answer, **state})}"
    return RedirectResponse(where, 302, headers={"Cache-Control": "no-store"})


def _form(portal: Portal, asked: Mapping[str, str], problem: str) -> str:
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{html.escape(asked[name], quote=True)}">'
        for name in _KEPT
        if name in asked
    )
    email = html.escape(asked.get("email", ""), quote=True)
    scopes = "".join(f"<li><code>{html.escape(each)}</code></li>" for each in asked["scope"].split())
    trouble = f'<p role="alert"><strong>{html.escape(problem)}</strong></p>' if problem else ""
    return (
        f"<h1>Connect app? <small>{html.escape(portal.name)} · account {portal.portal_id}</small></h1>{trouble}"
        f"<p>The app <code>{html.escape(asked['client_id'][:8])}…</code> asks for:</p><ul>{scopes}</ul>"
        f'<form method="post" action="/oauth/authorize">{hidden}'
        f'<p><label>E-mail <input name="email" value="{email}" autocomplete="username" size="40"></label></p>'
        '<p><label>Password <input name="password" type="password" autocomplete="current-password"></label></p>'
        '<p><button name="approve" value="yes">Connect app</button> '
        '<button name="approve" value="no">Cancel</button></p>'
        "</form>"
    )
