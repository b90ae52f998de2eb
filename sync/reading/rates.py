"""Exchange rates of a portfolio, as scoring takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import ibis
import pandas as pd

from connectors.errors import BadInput
from scoring import currency
from scoring.model import Model
from sync import mirror
from sync.models import Portfolio
from sync.reading import org_currency

KIND = "rate"


def worths(portfolio: Portfolio, tables: Mapping[str, Any], model: Model) -> pd.DataFrame:
    """What other currencies are worth (see `scoring.currency.worths`), by the rates in the mirror.

    A currency that business files have a rate for is taken from there: finance says what a CRM administrator once
    typed. Of several files, or CRMs, the one connected first counts.
    """
    found = mirror.frame(tables[KIND]) if KIND in tables else pd.DataFrame({"connection": []})
    found = found.rename(columns={"connection": "source"}).reindex(columns=list(currency.COLUMNS))
    order = [connection.name for connection in (*portfolio.files(), *portfolio.crms())]
    ranked = found.assign(rank=found["source"].map({name: number for number, name in enumerate(order)}))
    ranked["currency"] = ranked["currency"].astype(object).where(ranked["currency"].notna(), "").astype(str)
    ranked["currency"] = ranked["currency"].str.strip().str.upper()
    return currency.worths(ranked.sort_values("rank", kind="stable")[list(currency.COLUMNS)], model)


def named(portfolio: Portfolio, tables: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """The mirror's tables with that currency on the accounts, which is where records without one look for theirs.

    Where no record at all names a currency the column is left out, and with it the search for one per record.
    """
    found, codes = dict(tables), org_currency.foreign(portfolio, model)
    if not codes and not _named_by_any(tables):
        return {kind: table.drop("currency") if "currency" in table.columns else table for kind, table in found.items()}
    if codes:
        account = tables["account"]
        own = account.currency if "currency" in account.columns else ibis.null("string")
        theirs = account.connection.cases(*codes.items(), else_=ibis.null("string"))
        found["account"] = account.mutate(currency=ibis.coalesce(own, theirs))
    return found


def _named_by_any(tables: Mapping[str, Any]) -> bool:
    """Whether any record has a currency: one row decides, or what the engine knows of a column without values."""
    first = [
        table.filter(table.currency.notnull()).select(kind=ibis.literal(kind)).limit(1)
        for kind, table in tables.items()
        if "currency" in table.columns and kind != KIND
    ]
    return bool(first) and len(mirror.frame(ibis.union(*first))) > 0


def require(portfolio: Portfolio, tables: Mapping[str, Any], model: Model) -> None:
    """Raises `BadInput` where amounts are in a currency that no rate converts."""
    codes = org_currency.foreign(portfolio, model)
    known = set(worths(portfolio, tables, model)["rated_currency"]) if codes else set()
    for connection, code in codes.items():
        if code not in known:
            raise BadInput(org_currency.sentence(connection, code, model), next_step=org_currency.next_step(code))
