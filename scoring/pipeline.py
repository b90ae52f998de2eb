"""The two entry points of scoring: `calibrate` fits to the whole base, `score` applies the fit row by row.

A row's result depends on nothing but that row, the model, the calibration and the date, so accounts may be scored in
any order and in chunks of any size.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from scoring import cost_to_serve, explain, rfm, segments, tiers, value, value_profile
from scoring.calibration import Calibration
from scoring.model_types import Model
from scoring.ranks import Floats, Ints
from scoring.rules import Facts

#: Columns of the ScoreTable, in this order.
COLUMNS = (
    *("account_id", "in_scope", "scope_reason", "has_orders", "value_basis", "revenue", "margin"),
    *("value_score", "cost", "cost_to_serve", "value_high", "cost_high"),
    *("recency", "frequency", "monetary", "rfm", "tier"),
    *("segment", "segment_why", "sub_segment", "sub_segment_why", "value_profile", "value_profile_why"),
    *("reasons", "short_reason", "missing"),
)


def calibrate(frame: pd.DataFrame, model: Model, as_of: date) -> Calibration:
    """Fits value scale, RFM limits and tier cuts to the customers in scope.

    Args:
        frame: features of all accounts (columns of `scoring.features.build`), in any order.
        as_of: the date scored for.
    """
    in_scope = segments.scope(Facts(frame, model, as_of), model)["in_scope"].to_numpy()
    customers = frame[in_scope & ~_foreign(frame, model)]
    scale = value.fit(customers, model, as_of)
    axes = _axes(customers, model, scale, as_of)
    return Calibration(
        as_of=as_of.isoformat(),
        customers=len(customers),
        value=scale,
        rfm=rfm.fit(customers, as_of),
        cuts=tiers.fit(axes.value, axes.cost, model.tiers),
    )


def score(frame: pd.DataFrame, model: Model, calibration: Calibration, as_of: date) -> pd.DataFrame:
    """The ScoreTable of these accounts, one row per row of `frame`, in its order.

    Columns (`COLUMNS`):
        account_id, in_scope, scope_reason (why an account is no customer)
        has_orders: has ever bought. A customer that has not is scored too: low value, low cost.
        value_basis: "margin" or "revenue"; revenue, margin (Int64, 1/10,000 of the currency; margin only on that basis)
        value_score: 0-100, one decimal; cost (1/10,000) and cost_to_serve (per 100 of the basis, one decimal)
        value_high, cost_high: the side of each cut
        recency, frequency, monetary, rfm: 1-5 (Int64)
        tier, segment, sub_segment, value_profile (keys or None), and why the last three
        reasons: list of {text, sign, weight}; short_reason: at most 255 characters
        missing: list of inputs that were absent
    What belongs to scoring is NA, None or False for accounts out of scope.
    """
    frame = frame.reset_index(drop=True)
    facts = Facts(frame, model, as_of)
    scope = segments.scope(facts, model)
    foreign = _foreign(frame, model)
    axes = _axes(frame, model, calibration.value, as_of)
    high_value = tiers.is_high_value(axes.value, calibration.cuts)
    high_cost = tiers.is_high_cost(axes.cost, calibration.cuts)
    scored = scope["in_scope"].to_numpy() & ~foreign
    table = pd.DataFrame(
        {
            "account_id": frame["account_id"],
            **scope,
            "has_orders": frame["transactions_ever"].to_numpy() > 0,
            "value_basis": calibration.value.basis,
            "revenue": frame["revenue"].astype("Int64"),
            "margin": _masked(axes.basis, scored & (calibration.value.basis == "margin")),
            "value_score": pd.Series(np.where(scored, axes.score, np.nan)).astype("Float64"),
            "cost": _masked(axes.spent, scored),
            "cost_to_serve": pd.Series(np.where(scored, axes.relative, np.nan)).astype("Float64"),
            "value_high": scored & high_value,
            "cost_high": scored & high_cost,
            **_ranks(frame, calibration, as_of, scored),
            "tier": _keys(tiers.assign(high_value, high_cost), scored),
            **_descriptions(facts, model, scope["in_scope"].to_numpy()),
        }
    )
    told = _told(table, frame, axes, foreign)
    words = explain.explain(told, axes.points, axes.items, model, calibration)
    table = table.assign(**words, missing=_missing(frame, model, calibration, scope["in_scope"].to_numpy(), foreign))
    return table[list(COLUMNS)]


@dataclass(frozen=True)
class _Axes:
    """Both axes of the tier matrix per account, and what they were computed from."""

    basis: Ints
    points: dict[str, Floats]
    score: Floats
    items: list[cost_to_serve.CostItem]
    spent: Ints
    relative: Floats
    value: Floats
    cost: Floats


def _axes(frame: pd.DataFrame, model: Model, scale: value.ValueScale, as_of: date) -> _Axes:
    basis = value.amount(frame, model, scale)
    points = value.points(frame, basis, scale, as_of)
    score_ = value.score(points, model)
    items = cost_to_serve.items(frame, model)
    spent = cost_to_serve.total(items, len(frame))
    relative = cost_to_serve.per_hundred(spent, basis)
    never = frame["transactions_ever"].to_numpy() == 0
    # The cost of winning a customer is no cost to serve: it counts from the first order on.
    cost = np.where(basis > 0, relative, np.where((spent > 0) & ~never, np.inf, -np.inf))
    return _Axes(basis, points, score_, items, spent, relative, value=np.where(basis > 0, score_, -np.inf), cost=cost)


def _foreign(frame: pd.DataFrame, model: Model) -> np.ndarray:
    """Accounts whose amounts are in another currency than the model's: they cannot be compared, so they get no tier."""
    currency = frame["currency"]
    return (currency.notna() & (currency != model.currency)).to_numpy(dtype=bool, na_value=False)


def _masked(amounts: Ints, shown: np.ndarray) -> pd.arrays.IntegerArray:
    return pd.arrays.IntegerArray(amounts.astype(np.int64), ~shown)


def _keys(keys: np.ndarray, shown: np.ndarray) -> pd.Series:
    return pd.Series(np.where(shown, keys, np.array(None, dtype=object)), dtype=object)


def _ranks(frame: pd.DataFrame, calibration: Calibration, as_of: date, scored: np.ndarray) -> dict[str, pd.Series]:
    ranked = rfm.score(frame, calibration.rfm, as_of)
    return {str(name): column.mask(~scored) for name, column in ranked.items()}


def _descriptions(facts: Facts, model: Model, in_scope: np.ndarray) -> dict[str, pd.Series]:
    """Segment, sub-segment and value profile with why; empty for accounts out of scope."""
    found = pd.concat([segments.assign(facts, model), value_profile.assign(facts, model)], axis=1).astype(object)
    whys = [str(name) for name in found if str(name).endswith("_why")]
    keys = {
        str(name): _keys(found[name].to_numpy(), in_scope & found[name].notna()) for name in found.drop(columns=whys)
    }
    return keys | {name: found[name].where(in_scope, "") for name in whys}


def _told(table: pd.DataFrame, frame: pd.DataFrame, axes: _Axes, foreign: np.ndarray) -> pd.DataFrame:
    """What explanations are made from."""
    unknown = [
        f"No tier: amounts are in {currency}, and there is no exchange rate" if other else ""
        for currency, other in zip(frame["currency"], foreign, strict=True)
    ]
    return table[["tier", "in_scope", "scope_reason", "value_high", "cost_high"]].assign(
        basis=axes.basis,
        cost=axes.spent,
        cost_to_serve=axes.relative,
        transactions=frame["transactions"].to_numpy(),
        transactions_ever=frame["transactions_ever"].to_numpy(),
        last_transaction_on=frame["last_transaction_on"].to_numpy(),
        value_unknown=unknown,
    )


def _missing(
    frame: pd.DataFrame, model: Model, calibration: Calibration, in_scope: np.ndarray, foreign: np.ndarray
) -> pd.Series:
    """Inputs that a customer's score had to do without."""
    bought = frame["transactions_ever"].to_numpy() > 0
    estimated = (frame["revenue"] > frame["revenue_cost_known"]).to_numpy() & (calibration.value.basis == "margin")
    orders = "won deals" if model.value.revenue_from == "opportunities" else "orders"
    absent = {orders: ~bought, "product cost": estimated, "exchange rate": foreign}
    rows = [
        [name for name, mask in absent.items() if mask[number]] if in_scope[number] else []
        for number in range(len(frame))
    ]
    return pd.Series(rows, dtype=object, index=frame.index)
