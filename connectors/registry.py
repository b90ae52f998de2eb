"""The CRMs Tierline can connect to: one line each. The contract suite runs for every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from connectors.base import Budget, Crm
from connectors.errors import BadInput
from connectors.salesforce.settings import open_salesforce

CRMS: Mapping[str, Callable[[Mapping[str, str], Budget | None], Crm]] = {
    "salesforce": open_salesforce,
}


def open_crm(kind: str, settings: Mapping[str, str], budget: Budget | None = None) -> Crm:
    """The org behind a connection of this kind; nothing is sent yet. Without a budget no request is held back.

    Raises `BadInput` for an unknown kind and for settings that cannot work.
    """
    if kind not in CRMS:
        raise BadInput(
            f"Tierline cannot connect to '{kind}'.",
            next_step=f"Kinds of connections: {', '.join(sorted(CRMS))}.",
        )
    return CRMS[kind](settings, budget)
