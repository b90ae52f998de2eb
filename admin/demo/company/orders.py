"""Four years of orders and their lines: rhythm, seasons, growth, price rises, discounts, freight, expedites."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np

from admin.demo.company import draws
from admin.demo.company.accounts import Account
from admin.demo.company.catalogue import Catalogue, Product
from admin.demo.company.customers import HISTORY, Customer
from admin.demo.company.people import Staff
from connectors.sandbox.org.org import Org

Row = dict[str, Any]

#: Orders by month. Most plants renew parts before summer and before winter; seasonal ones before their season.
_MONTHS = (0.8, 0.9, 1.15, 1.3, 1.25, 1.05, 0.55, 0.8, 1.3, 1.25, 1.05, 0.6)
_SEASONAL_MONTHS = (0.3, 0.7, 1.9, 2.5, 2.0, 1.2, 0.9, 0.7, 0.7, 0.5, 0.3, 0.3)
_PRICE_RISE = 0.025
_ORDERS_AT_ONCE = 5_000


@dataclass(frozen=True)
class _Season:
    """Days of the history stretched by demand: an even rhythm in season time is busy in busy months.

    `reached[i]` is the season time, in years, at the end of day i.
    """

    begin: date
    reached: np.ndarray

    @classmethod
    def of(cls, begin: date, days: int, months: tuple[float, ...]) -> _Season:
        weights = np.array([months[(begin + timedelta(days=i)).month - 1] for i in range(days)])
        return cls(begin, np.cumsum(weights) / (365.25 * float(np.mean(months))))

    def days(self, rng: np.random.Generator, rate: float, first: date, last: date) -> list[date]:
        """Order days between two dates: gaps are gamma distributed, more regular than chance."""
        size = len(self.reached)
        start, end = ((day - self.begin).days for day in (first, last))
        if rate <= 0 or start >= size or end <= start:
            return []
        since, until = float(self.reached[max(0, start)]), float(self.reached[min(size - 1, end)])
        expected = (until - since) * rate
        gaps = rng.gamma(3.0, 1 / (3.0 * rate), int(expected * 1.5 + 4 * expected**0.5) + 6)
        times = since - float(rng.random()) / rate + np.cumsum(gaps)
        times = times[(times > since) & (times <= until)]
        return [self.begin + timedelta(days=int(i)) for i in np.searchsorted(self.reached, times)]


def load(
    org: Org, rng: np.random.Generator, accounts: list[Account], catalogue: Catalogue, staff: Staff, today: date
) -> None:
    """Create orders and lines of all customers, some thousands at a time."""
    begin = today - HISTORY
    seasons = {
        seasonal: _Season.of(begin, HISTORY.days, _SEASONAL_MONTHS if seasonal else _MONTHS)
        for seasonal in (False, True)
    }
    orders: list[Row] = []
    lines: list[list[Row]] = []
    for account in accounts:
        season = seasons[account.customer.mode == "Seasonal"]
        for order, order_lines in _of_account(rng, account, season, catalogue, staff, today):
            orders.append(order)
            lines.append(order_lines)
        if len(orders) >= _ORDERS_AT_ONCE:
            _save(org, orders, lines)
            orders, lines = [], []
    _save(org, orders, lines)


def _save(org: Org, orders: list[Row], lines: list[list[Row]]) -> None:
    ids = org.bulk_load("Order", orders)
    org.bulk_load(
        "OrderItem",
        ({**line, "OrderId": order_id} for order_id, own in zip(ids, lines, strict=True) for line in own),
    )


def _of_account(
    rng: np.random.Generator, account: Account, season: _Season, catalogue: Catalogue, staff: Staff, today: date
) -> Iterator[tuple[Row, list[Row]]]:
    customer = account.customer
    if customer.starts is None:
        return
    last = min(today, customer.ends)
    regular = season.days(rng, customer.rhythm, customer.starts, last)
    extra = season.days(rng, customer.extras, customer.starts, last)
    for day in regular:
        years = (today - day).days / 365.25
        usual = customer.yearly / customer.rhythm * (1 + customer.trend) ** -years
        yield _order(rng, account, day, usual * float(rng.lognormal(-0.08, 0.4)), catalogue, staff, today)
    for day in extra:
        yield _order(rng, account, day, float(rng.uniform(45, 420)), catalogue, staff, today)


def _order(
    rng: np.random.Generator,
    account: Account,
    ordered: date,
    amount: float,
    catalogue: Catalogue,
    staff: Staff,
    today: date,
) -> tuple[Row, list[Row]]:
    customer = account.customer
    day = draws.workday(ordered)
    count = 1 + min(7, int(rng.geometric(0.45)) - 1) if amount > 400 else 1
    shares = rng.dirichlet(np.full(count, 2.0)) if count > 1 else np.ones(1)
    level = (1 + _PRICE_RISE) ** -((today - day).days // 365)
    lines = [_line(rng, customer, catalogue, float(share) * amount, level) for share in shares]
    total = sum(line["Quantity"] * line["UnitPrice"] for line in lines)
    freight = 6 + customer.freight * total * float(rng.uniform(0.6, 1.4))
    expedited = bool(rng.random() < customer.expedited)
    freight = round(freight * (1.6 if expedited else 1), 2)
    order = {
        "AccountId": account.id,
        "OwnerId": account.owner,
        "EffectiveDate": day,
        "Status": _status(rng, day, today),
        "Expedited__c": expedited,
        "Freight__c": freight,
        "CreatedById": staff.order_desk[int(rng.integers(len(staff.order_desk)))],
        "CreatedDate": draws.moment(rng, day),
    }
    if rng.random() < 0.08:
        _charge_freight_by_line(order, lines)
    return order, lines


def _status(rng: np.random.Generator, day: date, today: date) -> str:
    if rng.random() < 0.02:
        return "Cancelled"
    return "Draft" if (today - day).days < 10 and rng.random() < 0.4 else "Activated"


def _charge_freight_by_line(order: Row, lines: list[Row]) -> None:
    """Deliveries straight from a supplier: each line carries its own freight, and the order none."""
    freight = order.pop("Freight__c")
    for line in lines:
        line["Freight__c"] = round(freight / len(lines), 2)


def _line(rng: np.random.Generator, customer: Customer, catalogue: Catalogue, amount: float, level: float) -> Row:
    product = catalogue.fitting(float(rng.random()), amount)
    full = product.price * level
    price = round(full * (1 - customer.discount * float(rng.uniform(0.5, 1.3))), 2)
    quantity = max(1, round(amount / price))
    return {
        "PricebookEntryId": product.entry_id,
        "Quantity": quantity,
        "UnitPrice": price,
        "Discount__c": round((full - price) * quantity, 2),
        "Cost__c": _cost(rng, product, quantity, level),
    }


def _cost(rng: np.random.Generator, product: Product, quantity: int, level: float) -> float | None:
    """What the line's products cost. Some older invoices carry none; the product's standard cost stands in."""
    if product.cost is not None and rng.random() < 0.15:
        return None
    if product.cost is None and rng.random() < 0.1:
        return None
    return round(product.true_cost * quantity * level * float(rng.uniform(0.95, 1.06)), 2)
