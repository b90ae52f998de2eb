"""The currency of a CRM whose records name none: noted by full runs, given to its accounts, refused without a rate."""

from __future__ import annotations

import logging

from connectors.base import Crm, OneCurrency
from connectors.errors import AuthRevoked, Fatal
from scoring.model import Model
from sync.models import Connection, Portfolio
from sync.reading import files

log = logging.getLogger(__name__)
_KEY = "currency"


def note(connection: Connection, crm: Crm) -> None:
    """Remember in which currency the CRM counts, "" where its records say it.

    One that does not let us ask is not noted: its amounts are taken to be in the model's, and `warning` says so.
    """
    try:
        code = crm.currency() if isinstance(crm, OneCurrency) else ""
    except AuthRevoked:
        raise
    except Fatal as error:
        log.warning("%s does not say in which currency it counts: %s", connection, error.message)
        return
    if connection.identity.get(_KEY) != code:
        connection.identity = {**connection.identity, _KEY: code}
        connection.save(update_fields=["identity"])


def noted(connection: Connection) -> bool:
    """Whether the CRM was asked before."""
    return _KEY in connection.identity


def foreign(portfolio: Portfolio, model: Model) -> dict[str, str]:
    """CRM connections whose one currency is not the model's, by name."""
    codes = {connection.name: str(connection.identity.get(_KEY, "")) for connection in portfolio.crms()}
    return {name: code for name, code in codes.items() if code not in ("", model.currency)}


def warning(connection: Connection, model: Model) -> tuple[str, str] | None:
    """What is wrong with the CRM's currency and what to do, as far as can be said without reading; None if nothing."""
    if not noted(connection):
        return (
            f"The CRM does not say in which currency it counts; its amounts are taken to be in {model.currency}.",
            "Allow the integration user the SOAP API (getUserInfo), or see to it that this is the CRM's currency.",
        )
    code = foreign(connection.portfolio, model).get(connection.name)
    if code is None or any("rate" in files.kinds(each) for each in connection.portfolio.files()):
        return None
    return sentence(connection.name, code, model), next_step(code)


def sentence(connection: str, code: str, model: Model) -> str:
    return f"Amounts of {connection} are in {code}, the model counts in {model.currency}, and no rate converts them."


def next_step(code: str) -> str:
    return f"Write `currency: {code}` in the model, or add a file of exchange rates (kind: rate) with {code} in it."
