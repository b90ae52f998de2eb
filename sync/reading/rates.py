"""Exchange rates of a portfolio, as scoring takes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from scoring import currency
from scoring.model import Model
from sync import mirror
from sync.models import Portfolio

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
