"""What a lifetime value was worked out from, on the account's page, so that a person can work it out again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from scoring import lifetime
from scoring.calibration import Calibration
from scoring.model.lifetime import LifetimeRules
from scoring.money import SCALE

Row = tuple[str, str]


def rows(result: Mapping[str, Any], held: Calibration, rules: LifetimeRules, as_of: date, currency: str) -> list[Row]:
    """Titles and words.

    Args:
        result: columns `customer_lifetime_value`, `p_alive` and `lifetime_from` of a score of `as_of`.
        held: the calibration it was scored with; rules: section `clv` of its model.
    """
    title, fitted = "Lifetime value", held.value.lifetime
    if result.get("customer_lifetime_value") is None or fitted is None:
        return [(title, "not enough information")]
    found = [(title, _money(result["customer_lifetime_value"], currency))]
    if result.get("p_alive") is not None:
        found.append(("Still a customer", f"{100 * result['p_alive']:.0f} %"))
    if fitted.retention is not None:
        return [*found, (f"{title}: worked out with", _retention(fitted.retention, rules))]
    if history := result.get("lifetime_from"):
        found.append((f"{title}: worked out from", _history(history, as_of)))
        found.append((f"{title}: to come", _to_come(history, rules, currency)))
    return [*found, (f"{title}: parameters", _parameters(fitted, held.as_of, currency))]


def _retention(retention: float, rules: LifetimeRules) -> str:
    given = "given in the model" if rules.retention is not None else "measured"
    growth = f", growth {100 * rules.growth:g} %" if rules.growth else ""
    years = f"over {rules.years} years" if rules.years else "over all years to come"
    return f"retention {100 * retention:.1f} % a year ({given}), discount {100 * rules.discount:g} %{growth}, {years}"


def _history(history: Mapping[str, Any], as_of: date) -> str:
    """Frequency, recency and T in days, as BG/NBD takes them."""
    first, last = date.fromisoformat(history["first"]), date.fromisoformat(history["last"])
    return (
        f"frequency {history['days'] - 1:,.0f} (days with an order after the first), "
        f"recency {(last - first).days:,} days ({first} to {last}), T {(as_of - first).days:,} days (to {as_of})"
    )


def _to_come(history: Mapping[str, Any], rules: LifetimeRules, currency: str) -> str:
    how = "a mean, as Gamma-Gamma does not apply" if history["by_mean"] else "by Gamma-Gamma"
    return (
        f"{history['to_come']:,.1f} days with an order over {rules.years or lifetime.YEARS} years, discounted at "
        f"{100 * rules.discount:g} % a year, of {_money(history['each'], currency)} each ({how})"
    )


def _parameters(fitted: lifetime.Fitted, as_of: str, currency: str) -> str:
    r, alpha, a, b = (f"{value:.4g}" for value in fitted.orders)
    words = f"BG/NBD r {r}, alpha {alpha} days, a {a}, b {b}"
    if fitted.values:
        p, q, gamma = fitted.values
        words += f"; Gamma-Gamma p {p:.4g}, q {q:.4g}, gamma {gamma / SCALE:,.4g} {currency}".rstrip()
    return f"{words}; fitted to {fitted.customers:,} customers as of {as_of}"


def _money(amount: float, currency: str) -> str:
    return f"{round(amount / SCALE):,} {currency}".strip()
