"""The currency of a CRM whose records name none: noted by full runs, given to its accounts, refused without a rate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis

from connectors.base import Crm, OneCurrency
from connectors.errors import BadInput
from scoring.model import Model
from sync.models import Connection, Portfolio
from sync.reading import files, rates

_KEY = "currency"


def note(connection: Connection, crm: Crm) -> None:
    """Remember in which currency the CRM counts; nothing where its records say it, or where it cannot tell."""
    code = crm.currency() if isinstance(crm, OneCurrency) else ""
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


def named(portfolio: Portfolio, tables: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """The mirror's tables with that currency on the accounts, which is where records without one look for theirs."""
    found, codes = dict(tables), foreign(portfolio, model)
    if codes:
        account = tables["account"]
        own = account.currency if "currency" in account.columns else ibis.null("string")
        theirs = account.connection.cases(*codes.items(), else_=ibis.null("string"))
        found["account"] = account.mutate(currency=ibis.coalesce(own, theirs))
    return found


def require_rates(portfolio: Portfolio, tables: Mapping[str, Any], model: Model) -> None:
    """Raises `BadInput` where amounts are in a currency that no rate converts."""
    codes = foreign(portfolio, model)
    known = set(rates.worths(portfolio, tables, model)["rated_currency"]) if codes else set()
    for connection, code in codes.items():
        if code not in known:
            raise BadInput(_sentence(connection, code, model), next_step=_next_step(code))


def warning(connection: Connection, model: Model) -> tuple[str, str] | None:
    """What is wrong with the CRM's currency and what to do, as far as can be said without reading; None if nothing."""
    code = foreign(connection.portfolio, model).get(connection.name)
    if code is None or any(rates.KIND in files.kinds(each) for each in connection.portfolio.files()):
        return None
    return _sentence(connection.name, code, model), _next_step(code)


def _sentence(connection: str, code: str, model: Model) -> str:
    return f"Amounts of {connection} are in {code}, the model counts in {model.currency}, and no rate converts them."


def _next_step(code: str) -> str:
    return f"Write `currency: {code}` in the model, or add a file of exchange rates (kind: rate) with {code} in it."
