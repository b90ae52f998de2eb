"""Says in words why an account has its tier: what counts for it and against it, and one line for the CRM.

The two axes decide alike, so each has a weight of 50; the value axis shares its 50 among the components of the value
score by their weights. Figures are whole units of the model's currency.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypedDict

import numpy as np
import pandas as pd

from scoring.calibration import Calibration
from scoring.cost_to_serve import CostItem
from scoring.fields import SCALE
from scoring.model_types import Model
from scoring.ranks import Floats
from scoring.rules import lower_first

SHORT = 255


class Reason(TypedDict):
    """`sign` is "+" or "-" for the customer's standing, `weight` is percent of the decision."""

    text: str
    sign: str
    weight: float


@dataclass(frozen=True)
class Words:
    """How this model speaks of its figures."""

    basis: str
    orders: str
    months: int
    currency: str

    @classmethod
    def of(cls, model: Model, calibration: Calibration) -> Words:
        return cls(
            basis="gross margin" if calibration.value.basis == "margin" else "revenue",
            orders="won deals" if model.value.revenue_from == "opportunities" else "orders",
            months=model.value.windows.months,
            currency=model.currency,
        )

    def money(self, amount: int) -> str:
        return f"{round(amount / SCALE):,} {self.currency}"


Row = Mapping[str, Any]


def explain(
    table: pd.DataFrame,
    points: Mapping[str, Floats],
    items: Sequence[CostItem],
    model: Model,
    calibration: Calibration,
) -> pd.DataFrame:
    """Columns reasons (list of Reason) and short_reason (at most 255 characters) for the accounts of `table`.

    `table` has the columns tier, scope_reason, in_scope, basis, cost, cost_to_serve, value_high, cost_high,
    transactions, transactions_ever, last_transaction_on, and value_unknown (why there is no tier, or "").
    """
    words = Words.of(model, calibration)
    parts = list(_cost_parts(items, len(table)))
    reasons: list[list[Reason]] = []
    shorts: list[str] = []
    rows: list[Any] = table.to_dict("records")
    for number, row in enumerate(rows):
        if row["tier"] is None:
            reasons.append([])
            shorts.append(row["scope_reason"] or row["value_unknown"])
            continue
        own = {name: float(values[number]) for name, values in points.items()}
        reasons.append([*_value_reasons(row, own, model, calibration, words), _cost_reason(row, parts[number], words)])
        shorts.append(_short(row, parts[number], model.tiers.label(row["tier"]), words))
    return pd.DataFrame(
        {"reasons": pd.Series(reasons, dtype=object), "short_reason": [text[:SHORT] for text in shorts]},
        index=table.index,
    )


@dataclass(frozen=True)
class _Part:
    """A cost item of one account."""

    cost: int
    counted: str
    what: str


def _cost_parts(items: Sequence[CostItem], size: int) -> Iterator[list[_Part]]:
    """Per account its cost items, dearest first."""
    columns = [(item, item.cost.tolist(), item.counts.tolist() if item.counts is not None else None) for item in items]
    for number in range(size):
        found = [
            _Part(cost[number], _counted(item, counts[number] if counts else None), item.many)
            for item, cost, counts in columns
            if cost[number] > 0
        ]
        yield sorted(found, key=lambda part: -part.cost)


def _counted(item: CostItem, count: int | None) -> str:
    if count is None:
        return item.many
    return f"{count:,} {item.one if count == 1 else item.many}"


def _value_reasons(
    row: Row, points: Mapping[str, float], model: Model, calibration: Calibration, words: Words
) -> list[Reason]:
    found = []
    for name, weight in model.value.components.items():
        share = points[name]
        text = _COMPONENTS[name](row, words)
        if share > 0:
            text += f": at or above {share:g} % of the customers {_AMONG[name].format(basis=words.basis)}"
        high = share >= (calibration.cuts.value or 0) and share > 0
        found.append(Reason(text=text, sign="+" if high else "-", weight=round(weight / 2, 1)))
    return found


def _money(row: Row, words: Words) -> str:
    if not row["transactions"] and row["basis"] == 0:
        return _nothing_bought(row, words)
    return f"{words.basis.capitalize()} {words.money(row['basis'])} in the last {words.months} months"


def _nothing_bought(row: Row, words: Words) -> str:
    if not row["transactions_ever"]:
        return f"No {words.orders} yet"
    return f"No {words.orders} in the last {words.months} months (the last on {str(row['last_transaction_on'])[:10]})"


def _recency(row: Row, words: Words) -> str:
    if not row["transactions_ever"]:
        return f"No {words.orders} yet"
    return f"Last bought on {str(row['last_transaction_on'])[:10]}"


def _frequency(row: Row, words: Words) -> str:
    return f"{row['transactions']:,} {words.orders} in the last {words.months} months"


#: Whom a component ranks a customer among.
_AMONG = {"money": "with a positive {basis}", "recency": "who ever bought", "frequency": "who bought in that time"}
_COMPONENTS = {"money": _money, "recency": _recency, "frequency": _frequency}


def _cost_reason(row: Row, parts: Sequence[_Part], words: Words) -> Reason:
    sign = "-" if row["cost_high"] else "+"
    if not row["transactions_ever"]:
        text = f"Cost to serve does not count before the first {words.orders.removesuffix('s')}"
    elif not row["cost"]:
        text = "No cost to serve on record"
    else:
        told = [part for part in parts[:3] if part.cost >= 0.01 * row["cost"]]
        shares = ", ".join(f"{100 * part.cost / row['cost']:.0f} % for {part.counted}" for part in told)
        text = f"Cost to serve {words.money(row['cost'])}{_relative(row, words)}: {shares}"
    return Reason(text=text, sign=sign, weight=50.0)


def _relative(row: Row, words: Words) -> str:
    if np.isnan(row["cost_to_serve"]):
        return f", with no {words.basis} to bear it"
    return f", {row['cost_to_serve']:g} per 100 of {words.basis} ({'high' if row['cost_high'] else 'low'})"


def _short(row: Row, parts: Sequence[_Part], label: str, words: Words) -> str:
    """The tier's reason in one line."""
    if not row["transactions_ever"]:
        return f"{label}: no {words.orders} yet, so neither value nor cost to serve counts"
    mostly = f", mostly {parts[0].what}" if parts else ""
    if row["basis"] <= 0:
        cost = f"{words.money(row['cost'])} cost to serve{mostly}" if row["cost"] else "no cost to serve"
        return f"{label}: {lower_first(_money(row, words))}, and {cost}"
    value = "high value" if row["value_high"] else "low value"
    relative = f"{row['cost_to_serve']:g} per 100{mostly}" if row["cost"] else "none on record"
    level = "high" if row["cost_high"] else "low"
    return f"{label}: {value}, {lower_first(_money(row, words))}; {level} cost to serve, {relative}"
