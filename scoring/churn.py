"""Churn risk learned from customers that stopped: a logistic regression, where enough of them did.

Who bought in the window and ordered nothing in the months after it has churned. What was known of each before those
months are its *signals*; the fit is judged on customers it has not seen, and used only if it ranks those that left
above those that stayed clearly better than chance. Where it is not used, the rules of `scoring.risk` speak, and the
calibration says why.

Source: D. R. Cox (1958), "The Regression Analysis of Binary Sequences", with a ridge penalty (le Cessie and van
Houwelingen 1992); the area under the curve after J. A. Hanley and B. J. McNeil (1982).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.model.shape import Model
from scoring.ranks import Floats

Mask = npt.NDArray[np.bool_]
#: Signals in the order of their coefficients, and what is said of an account whose risk they raise.
SIGNALS = (
    *("silence", "days_since_order", "orders", "tenure", "active_quarters", "revenue_change"),
    *("contacts", "contacts_change", "tickets", "late_share", "disputed_share", "returns", "deal_open", "contract"),
)
_PENALTY, _FOLDS, _DIGITS = 1.0, 5, 6
#: Accounts that are learned from at most: what is learned from more differs less than customers do.
MOST = 200_000
#: Squared Newton decrement, per customer, below which a point is the best one: far below what six digits show.
_ARRIVED = 1e-10


class NotConverged(ArithmeticError):
    """The search for the weights did not reach its goal; the message says what it ran into."""


@dataclass(frozen=True)
class Fitted:
    """What was learned. `mean`, `scale`, `weights`: by signal, as in `SIGNALS`; one that never varied weighs 0.

    Attributes:
        since, until: ISO dates between which a customer without an order has churned.
        customers, churned: learned from.
        auc: share of pairs of a lost and a kept customer, unseen, in which the lost one has the higher risk.
    """

    since: str
    until: str
    customers: int
    churned: int
    auc: float
    intercept: float
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    weights: tuple[float, ...]

    @property
    def average(self) -> float:
        return self.churned / self.customers


def learned_from(accounts: Sequence[str], most: int = MOST) -> list[str] | None:
    """Which of these accounts `fit` should be given; None: all. Each so many-th in the order of their ids."""
    step = -(-len(accounts) // most)
    return None if step <= 1 else sorted(accounts)[::step]


def fit(past: pd.DataFrame, now: pd.DataFrame, model: Model, since: date, until: date) -> tuple[Fitted | None, str]:
    """The fit, or None, and a sentence for the administrator that says which and why.

    Args:
        past: features of accounts (columns of `scoring.features.build`) as of `since`; `now`: of the customers, as of
            `until`. Learned from are the customers of both.
    """
    rules = model.risk.churn
    if rules is None:
        return None, ""
    past = past[past["transactions"].gt(0)].sort_values("account_id")
    ever = now.set_index("account_id")["transactions_ever"].reindex(past["account_id"])
    kept = ever.notna().to_numpy()
    past, ever = past[kept], ever[kept]
    churned = ever.to_numpy(np.int64) <= past["transactions_ever"].to_numpy(np.int64)
    lost, stayed = int(churned.sum()), int((~churned).sum())
    if min(lost, stayed) < rules.min_events:
        what = f"{lost:,} customers were lost" if lost <= stayed else f"{stayed:,} customers stayed"
        return (
            None,
            f"Churn risk goes by rules: {what} from {since} to {until}, {rules.min_events:,} are needed to learn.",
        )
    known = signals(past, since)
    try:
        auc, (mean, scale, intercept, weights) = _unseen(known, churned), _fit(known, churned)
    except NotConverged as error:
        return None, f"Churn risk goes by rules: the search for what sets lost customers apart failed, {error}."
    if auc < rules.min_auc:
        return None, (
            f"Churn risk goes by rules: what was learned ranks a lost customer above a kept one in {100 * auc:.0f} % "
            f"of pairs, {100 * rules.min_auc:.0f} % are asked for."
        )
    found = Fitted(
        since.isoformat(), until.isoformat(), len(past), lost, round(auc, 4), _round(intercept),
        *(tuple(_round(each) for each in row) for row in (mean, scale, weights)),
    )  # fmt: skip
    return found, (
        f"Churn risk is learned from {len(past):,} customers, {lost:,} of whom ordered nothing from {since} to "
        f"{until}; it ranks a lost customer above a kept one in {100 * auc:.0f} % of pairs it has not seen."
    )


def _round(value: float) -> float:
    """The last digits of a fit differ between processors."""
    return float(f"{value:.{_DIGITS}g}")


def signals(frame: pd.DataFrame, as_of: date) -> Floats:
    """One row per account, columns `SIGNALS`; what is unknown is 0, as where nothing happened."""
    count = {str(name): frame[name].to_numpy(np.float64) for name in frame.select_dtypes("number")}
    first, last = (pd.to_datetime(frame[f"{end}_transaction_on"]) for end in ("first", "last"))
    day = pd.Timestamp(as_of)
    silent, tenure = ((day - each).dt.days.fillna(0).to_numpy(np.float64) for each in (last, first))
    usual = np.maximum(tenure - silent, 0) / np.maximum(count["transaction_days_ever"] - 1, 1)
    columns = {
        "silence": np.log1p(np.maximum(silent, 0) / np.maximum(usual, 1)),
        "days_since_order": np.log1p(np.maximum(silent, 0)),
        "orders": np.log1p(count["transactions"]),
        "tenure": np.log1p(np.maximum(tenure, 0)),
        "active_quarters": count["active_quarters"],
        "revenue_change": _change(count["revenue"], count["revenue_before"]),
        "contacts": np.log1p(count["activities"]),
        "contacts_change": _change(count["activities"], count["activities_before"]),
        "tickets": np.log1p(count["tickets"]),
        "late_share": count["invoices_late"] / np.maximum(count["invoices"], 1),
        "disputed_share": count["disputes"] / np.maximum(count["invoices"], 1),
        "returns": np.log1p(count["returns"]),
        "deal_open": (count["deals_open"] > 0).astype(float),
        "contract": (count["contracts_active"] > 0).astype(float),
    }
    return np.column_stack([columns[name] for name in SIGNALS])


def _change(now: Floats, before: Floats) -> Floats:
    """From -1 (all gone) to 1 (all new); 0 where it is the same, or nothing was."""
    whole = np.abs(now) + np.abs(before)
    return np.asarray((now - before) / np.where(whole == 0, 1, whole))


def risk(frame: pd.DataFrame, fitted: Fitted, as_of: date) -> tuple[Floats, Floats]:
    """Per account the probability (0-1) to order nothing in as many months, and what each signal adds (logits)."""
    standard = (signals(frame, as_of) - np.array(fitted.mean)) / np.array(fitted.scale)
    parts = standard * np.array(fitted.weights)
    return _sigmoid(parts.sum(axis=1) + fitted.intercept), parts


def reasons(frame: pd.DataFrame, parts: Floats, rows: list[int], as_of: date, order: str) -> list[str]:
    """The two signals that raise the risk of each of these accounts most, with their figures."""
    told = []
    for row in rows:
        values = frame.iloc[row]
        ranked = [place for place in np.argsort(-parts[row], kind="stable").tolist() if parts[row][place] > 0]
        sentences = dict.fromkeys(_TOLD[SIGNALS[place]](values, as_of, order) for place in ranked)
        told.append(" and ".join([text for text in sentences if text][:2]) or "no single signal stands out")
    return told


def _since(values: Any, as_of: date, order: str) -> str:
    days = (pd.Timestamp(as_of) - pd.to_datetime(values["last_transaction_on"])).days
    return f"no {order} for {days:,} {'day' if days == 1 else 'days'}"


def _fell(name: str, words: str) -> Callable[[Any, date, str], str]:
    def tell(values: Any, as_of: date, order: str) -> str:
        now, before = int(values[name]), int(values[f"{name}_before"])
        if before <= 0 or now == before:
            return ""
        return f"{words} {'down' if now < before else 'up'} {100 * abs(now - before) / before:.0f} %"

    return tell


def _number(name: str, one: str, many: str) -> Callable[[Any, date, str], str]:
    def tell(values: Any, as_of: date, order: str) -> str:
        count = int(values[name])
        return f"{count:,} {one if count == 1 else many}".replace("{order}", order)

    return tell


_TOLD: dict[str, Callable[[Any, date, str], str]] = {
    "silence": _since,
    "days_since_order": _since,
    "orders": _number("transactions", "{order} in the window", "{order}s in the window"),
    "tenure": lambda values, as_of, order: f"a customer since {str(values['first_transaction_on'])[:10]}",
    "active_quarters": _number(
        "active_quarters", "quarter of the last 8 with business", "of the last 8 quarters with business"
    ),
    "revenue_change": _fell("revenue", "revenue"),
    "contacts": _number("activities", "contact in the window", "contacts in the window"),
    "contacts_change": _fell("activities", "contacts"),
    "tickets": _number("tickets", "ticket in the window", "tickets in the window"),
    "late_share": _number("invoices_late", "invoice late", "invoices late"),
    "disputed_share": _number("disputes", "invoice disputed", "invoices disputed"),
    "returns": _number("returns", "return", "returns"),
    "deal_open": lambda values, as_of, order: "an open deal" if values["deals_open"] else "no open deal",
    "contract": lambda values, as_of, order: "a contract" if values["contracts_active"] else "no contract",
}


def _unseen(known: Floats, churned: Mask) -> float:
    """Area under the curve where each customer is judged by a fit to the others' four fifths."""
    folds = np.arange(len(churned)) % _FOLDS
    judged = np.zeros(len(churned))
    for fold in range(_FOLDS):
        mean, scale, intercept, weights = _fit(known[folds != fold], churned[folds != fold])
        held = folds == fold
        judged[held] = ((known[held] - mean) / scale) @ weights + intercept
    ranks = pd.Series(judged.round(9)).rank().to_numpy()
    lost, stayed = int(churned.sum()), int((~churned).sum())
    return float((ranks[churned].sum() - lost * (lost + 1) / 2) / (lost * stayed))


def _fit(known: Floats, churned: Mask) -> tuple[Floats, Floats, float, Floats]:
    """Mean and scale of the signals, intercept and weights of their standard scores. Raises `NotConverged`."""
    from scipy.optimize import minimize

    mean, spread = known.mean(axis=0), known.std(axis=0)
    varies = spread > 1e-12
    scale = np.where(varies, spread, 1.0)
    standard = (known - mean) / scale
    design = np.column_stack([np.ones(len(known)), standard])
    target = churned.astype(float)

    def loss(given: Floats) -> tuple[float, Floats]:
        logits = design @ given
        value = np.logaddexp(0, logits).sum() - target @ logits + _PENALTY / 2 * given[1:] @ given[1:]
        slope = design.T @ (_sigmoid(logits) - target)
        slope[1:] += _PENALTY * given[1:]
        return float(value), slope

    found = minimize(
        loss, np.zeros(design.shape[1]), jac=True, method="L-BFGS-B", options={"gtol": 1e-8, "ftol": 1e-14}
    )
    if left := _left(design, found.x, loss(found.x)[1]):
        raise NotConverged(left)
    return mean, scale, float(found.x[0]), np.where(varies, found.x[1:], 0.0)


def _left(design: Floats, point: Floats, slope: Floats) -> str:
    """What keeps a point from being the best one, which there is exactly one of, in words; "" where it is.

    A search may report success far from it, and failure at it, where rounding ends its line search; so the point is
    judged and not the report.
    """
    if not (np.isfinite(point).all() and np.isfinite(slope).all()):
        return "its figures are not finite"
    chance = _sigmoid(design @ point)
    penalty = np.diag([0.0, *[_PENALTY] * (len(point) - 1)])
    curvature = design.T @ (design * (chance * (1 - chance))[:, None]) + penalty
    decrement = float(slope @ np.linalg.lstsq(curvature, slope)[0]) / len(design)
    return "" if decrement <= _ARRIVED else f"it stopped before its goal (off by {decrement:.1e} per customer)"


def _sigmoid(logits: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -700, 700))))
