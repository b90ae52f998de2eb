"""The CRMs Tierline can connect to: one line each. The contract suite runs for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.access import BrowserLogin, TokenStore
from connectors.base import Budget, Crm
from connectors.errors import BadInput
from connectors.salesforce import web_server
from connectors.salesforce.settings import open_salesforce

CRMS: Mapping[str, Callable[[Mapping[str, str], Budget | None, TokenStore | None], Crm]] = {
    "salesforce": open_salesforce,
}
#: Those a person can log in to with a browser.
BROWSER_LOGINS: Mapping[str, Callable[[Mapping[str, str], str], BrowserLogin]] = {
    "salesforce": web_server.begin,
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
