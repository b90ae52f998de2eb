"""The CRMs Tierline can connect to: one line each. The contract suite runs for every one of them.

A connector and its client library are imported when one is opened: most commands speak to no CRM.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.access import BrowserLogin, TokenStore
from connectors.base import Budget, Crm
from connectors.errors import BadInput


def _salesforce(settings: Mapping[str, str], budget: Budget | None, tokens: TokenStore | None) -> Crm:
    from connectors.salesforce.settings import open_salesforce

    return open_salesforce(settings, budget, tokens)


def _salesforce_browser(settings: Mapping[str, str], return_to: str) -> BrowserLogin:
    from connectors.salesforce import web_server

    return web_server.begin(settings, return_to)


def _hubspot(settings: Mapping[str, str], budget: Budget | None, tokens: TokenStore | None) -> Crm:
    from connectors.hubspot.settings import open_hubspot

    return open_hubspot(settings, budget, tokens)


def _hubspot_browser(settings: Mapping[str, str], return_to: str) -> BrowserLogin:
    from connectors.hubspot import oauth

    return oauth.begin(settings, return_to)


CRMS: Mapping[str, Callable[[Mapping[str, str], Budget | None, TokenStore | None], Crm]] = {
    "salesforce": _salesforce,
    "hubspot": _hubspot,
}
#: Those without an object of ours beside the account: its details are fields of the account itself.
DETAILS_ON_ACCOUNT = frozenset({"hubspot"})
#: Those whose searches find a record only some time after it was written.
SEARCHES_LAG = frozenset({"hubspot"})
#: Those that tell what their users may change (`connectors.rights.TellsRights`).
TELL_RIGHTS = frozenset({"salesforce"})
#: Those that ring at the bell of a user (`connectors.notifications.SendsNotifications`).
NOTIFY = frozenset({"salesforce"})
#: Those a person can log in to with a browser.
BROWSER_LOGINS: Mapping[str, Callable[[Mapping[str, str], str], BrowserLogin]] = {
    "salesforce": _salesforce_browser,
    "hubspot": _hubspot_browser,
}


def open_crm(
    kind: str, settings: Mapping[str, str], budget: Budget | None = None, tokens: TokenStore | None = None
) -> Crm:
    """The org behind a connection of this kind; nothing is sent yet. Without a budget no request is held back;
    without `tokens` each connector logs in for itself.

    Raises `BadInput` for an unknown kind and for settings that cannot work.
    """
    _require(kind, CRMS)
    return CRMS[kind](settings, budget, tokens)


def begin_browser_login(kind: str, settings: Mapping[str, str], return_to: str) -> BrowserLogin:
    """A login to be done in a browser, which comes back to `return_to`. Raises `BadInput`."""
    _require(kind, BROWSER_LOGINS)
    return BROWSER_LOGINS[kind](settings, return_to)


def _require(kind: str, known: Mapping[str, object]) -> None:
    if kind not in known:
        raise BadInput(
            f"Tierline cannot connect to '{kind}'.",
            next_step=f"Kinds of connections: {', '.join(sorted(known))}.",
        )
