"""The components of the value score in words, for the accounts that have a tier."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from scoring import lifetime
from scoring.explain.told import Lines, Told
from scoring.money import SCALE


def figures(told: Told, name: str) -> Lines:
    """The component's figure: "Gross margin 4,000 EUR in the last 12 months"."""
    return _FIGURES[name](told)


def texts(told: Told, name: str) -> Lines:
    """The figure, and whom the customer is ahead of by it."""
    among = _AMONG.get(name)
    points = told.worth.points[name][told.has_tier].tolist()
    if among is None:
        return figures(told, name)
    whom = among.format(basis=told.basis)
    return [
        f"{text}: at or above {reached:g} % of the customers {whom}" if reached > 0 else text
        for text, reached in zip(figures(told, name), points, strict=True)
    ]


def _money(told: Told) -> Lines:
    basis = told.worth.basis[told.has_tier]
    nothing = (told.column("transactions") == 0) & (basis == 0)
    bought = (told.column("transactions_ever") > 0).tolist()
    name, window, orders = told.basis.capitalize(), told.window, told.orders
    lines = [f"{name} {amount} {window}" for amount in told.bases]
    if not nothing.any():
        return lines
    days = told.days("last_transaction_on")
    none = [
        f"No {orders} {window} (the last on {day})" if ever else f"No {orders} yet"
        for day, ever in zip(days, bought, strict=True)
    ]
    return [empty if is_empty else line for empty, line, is_empty in zip(none, lines, nothing.tolist(), strict=True)]


def _recency(told: Told) -> Lines:
    return [f"Last bought on {day}" if day else f"No {told.orders} yet" for day in told.days("last_transaction_on")]


def _frequency(told: Told) -> Lines:
    what = f"{told.orders} {told.window}"
    return [f"{count:,} {what}" for count in told.column("transactions").tolist()]


def _potential(told: Told) -> Lines:
    amounts, counts = told.money(told.column("open_amount")), told.column("deals_open").tolist()
    return [
        f"{count:,} open {'deal' if count == 1 else 'deals'} over {amount}" if count else "No open deals"
        for amount, count in zip(amounts, counts, strict=True)
    ]


def _growth(told: Told) -> Lines:
    now, before = told.column("revenue"), told.column("revenue_before")
    return [
        f"Revenue {100 * (new - old) / old:+.0f} % against the {told.model.value.windows.months} months before"
        if old > 0
        else "No revenue in the window before to grow from"
        for new, old in zip(now.tolist(), before.tolist(), strict=True)
    ]


def _loyalty(told: Told) -> Lines:
    columns = [told.days("first_transaction_on")]
    counts = [told.column(name).tolist() for name in ("active_quarters", "product_families", "contracts_active")]
    return [
        f"Customer since {first}, orders in {quarters} of 8 quarters, {families} product "
        f"{'family' if families == 1 else 'families'}, {'a contract' if contracts else 'no contract'}"
        if first
        else f"No {told.orders} yet"
        for first, quarters, families, contracts in zip(*columns, *counts, strict=True)
    ]


def _engagement(told: Told) -> Lines:
    contacts = told.column("activities").tolist()
    noted = told.model.value.engagement
    said = f"; {', '.join(name.replace('_', ' ') for name in noted)} as noted" if noted else ""
    window = told.window
    return [f"{count:,} contacts {window}{said}" for count in contacts]


def _fit(told: Told) -> Lines:
    points = told.worth.points["fit"][told.has_tier].tolist()
    return [
        f"Strategic fit rated {1 + value / 25:g} of 5" if value == value else "Strategic fit is not rated"
        for value in points
    ]


def _lifetime(told: Told) -> Lines:
    found, rules = told.worth.lifetime, told.model.clv
    if found is None or rules is None:
        return ["Lifetime value: not enough information"] * int(told.has_tier.sum())
    amounts, unknown = told.money(found.amounts[told.has_tier]), f"No {told.orders} yet to go by"
    known = found.known[told.has_tier].tolist()
    if rules.method == "retention":
        unknown = f"No {told.orders} {told.window} that a lifetime value could go by"
        return [f"Lifetime value {amount}" if has else unknown for has, amount in zip(known, amounts, strict=True)]
    columns = (found.alive, found.expected, found.each, found.by_mean)
    rows = zip(known, amounts, *(column[told.has_tier].tolist() for column in columns), strict=True)
    horizon = f"over {rules.years or lifetime.YEARS} years"
    return [
        f"Lifetime value {amount} {horizon} (still a customer with {100 * alive:.0f} %; days with an order to come, "
        f"discounted: {days:.1f} of {told.amount(each / SCALE)} each{_MEAN if by_mean else ''})"
        if has
        else unknown
        for has, amount, alive, days, each, by_mean in rows
    ]


#: Said where Gamma-Gamma, which takes positive values alone, could not say what an order will be worth.
_MEAN = ", by the mean as Gamma-Gamma does not apply"


_FIGURES: Mapping[str, Callable[[Told], Lines]] = {
    "money": _money,
    "recency": _recency,
    "frequency": _frequency,
    "potential": _potential,
    "growth": _growth,
    "loyalty": _loyalty,
    "engagement": _engagement,
    "fit": _fit,
    "lifetime": _lifetime,
}
KNOWN = frozenset(_FIGURES)
#: Whom a component ranks a customer among; one that is not here has a scale of its own.
_AMONG = {
    "money": "with a positive {basis}",
    "recency": "who ever bought",
    "frequency": "who bought in that time",
    "potential": "with open deals",
    "growth": "who bought in the window before",
    "lifetime": "with a lifetime value",
}
