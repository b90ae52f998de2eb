"""Loyalty and engagement: how long, how regularly and how broadly a customer buys, and what it does beside buying.

Both are points of their own scale, the mean of a few plain measures, so that anybody can check them.
"""

from __future__ import annotations

import numpy as np

from scoring.ranks import Floats
from scoring.value.figure import Base, Figure

#: What counts as all there is: five years of custom, eight quarters with orders, five product families.
TENURE_YEARS, QUARTERS, FAMILIES = 5, 8, 5
#: Contacts and calls in the window from which a customer is fully engaged.
CONTACTS = 24


def loyalty(base: Base) -> Figure:
    """Mean of tenure, regularity, breadth and contract, each 0-100; known of who ever bought."""
    tenure = np.clip(base.days_since("first_transaction_on") / (365.25 * TENURE_YEARS), 0, 1)
    regular = np.clip(base.counts("active_quarters") / QUARTERS, 0, 1)
    broad = np.clip(base.counts("product_families") / FAMILIES, 0, 1)
    contract = np.clip(base.counts("contracts_active"), 0, 1).astype(float)
    return _points(base, [tenure, regular, broad, contract], base.counts("transactions_ever") > 0)


def engagement(base: Base) -> Figure:
    """Mean of contacts in the window and of what people noted: each attribute of the model's `engagement` list.

    An attribute counts full when it says yes or a date within the window, or as the number it holds of five.
    """
    contacts = np.clip(base.counts("activities") / CONTACTS, 0, 1)
    noted = [base.rating(name) for name in base.model.value.engagement]
    return _points(base, [contacts, *noted], np.ones(len(base.frame), dtype=bool))


def _points(base: Base, parts: list[Floats], known: np.ndarray) -> Figure:
    """Tenths of points of the mean of parts (0-1; one that is not known, NaN, is left out)."""
    table = np.array(parts, dtype=float)
    present = ~np.isnan(table)
    mean = np.where(present, table, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
    return Figure(np.round(1000 * mean).astype(np.int64), known, ranked=False)
