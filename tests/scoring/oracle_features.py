"""Features worked out a second time, record by record in plain Python, from what `scoring.features` says of itself.

Nothing of the product is used but the model that was read, so that both can only agree by being right.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import floor
from typing import Any

from scoring.model import Model

Row = Mapping[str, Any]
Records = Mapping[str, Sequence[Row]]
UNSIGNED = ("draft", "in approval process", "inapproval")
SCALE = 10_000
#: Kind -> the day that dates its records.
DAY_OF = {
    "order": "ordered_on", "opportunity": "closes_on", "ticket": "opened_on", "activity": "happened_on",
    "invoice": "issued_on", "return": "returned_on",
}  # fmt: skip


def back(day: date, months: int) -> date:
    """The same day of the month so many months before, or the last of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(day.day, last))


def whole(amount: Fraction) -> int:
    """Half away from zero."""
    return floor(amount + Fraction(1, 2)) if amount >= 0 else -floor(-amount + Fraction(1, 2))


def _small(text: Any) -> str:
    return str(text or "").strip().lower()


class Company:
    """The records of an org with everything that is needed to sum them up."""

    def __init__(
        self,
        records: Records,
        model: Model,
        as_of: date,
        ours: Iterable[str] = (),
        worth: Mapping[str, float] | None = None,
    ) -> None:
        self.records, self.model, self.as_of, self.ours = records, model, as_of, set(ours)
        months = model.value.windows.months
        self.start, self.before = back(as_of, months), back(as_of, 2 * months)
        self.half = back(as_of, months // 2)
        self.worth = worth or {}
        self.accounts = {row["id"]: row for row in records["account"]}
        self.lines: dict[str, list[Row]] = {}
        for line in records.get("order_line", ()):
            self.lines.setdefault(line["order_id"], []).append(line)
        self.products = {row["id"]: row for row in records.get("product", ())}

    # -- money -----------------------------------------------------------------------------------------------------

    def currency(self, record: Row) -> str:
        account = self.accounts.get(record.get("account_id"), {})
        code: str = record.get("currency") or account.get("currency") or self.model.currency
        return code

    def money(self, amount: int | None, code: str) -> int | None:
        """An amount of 1/10,000 in the model's currency, None where it is unknown or nothing converts it."""
        if amount is None or code == self.model.currency:
            return amount
        if code not in self.worth:
            return None
        return whole(Fraction(amount * self.worth[code]))

    # -- records ---------------------------------------------------------------------------------------------------

    def of(self, kind: str, account: str) -> list[Row]:
        return [row for row in self.records.get(kind, ()) if row.get("account_id") == account]

    def ever(self, kind: str, account: str) -> list[Row]:
        day = DAY_OF[kind]
        return [row for row in self.of(kind, account) if row.get(day) is not None and row[day] < self.as_of]

    def inside(self, rows: Iterable[Row], kind: str) -> list[Row]:
        return [row for row in rows if self.start <= row[DAY_OF[kind]] < self.as_of]

    def earlier(self, rows: Iterable[Row], kind: str) -> list[Row]:
        return [row for row in rows if self.before <= row[DAY_OF[kind]] < self.start]

    def orders(self, account: str) -> list[Row]:
        out = {_small(status) for status in self.model.value.excluded_order_statuses}
        return [row for row in self.ever("order", account) if _small(row.get("status")) not in out]

    def cost(self, line: Row) -> int | None:
        """Cost of a line in its own currency, or of its product in the model's (see `line_cost`)."""
        if line.get("cost") is not None:
            return int(line["cost"])
        return None

    def standard(self, line: Row) -> int | None:
        product = self.products.get(line.get("product_id"), {})
        if line.get("cost") is None and product.get("cost") is not None and line.get("quantity") is not None:
            return whole(Fraction(product["cost"]) * Fraction(line["quantity"]))
        return None

    def sales(self, order: Row) -> tuple[int, int, int]:
        """Revenue of an order, the part of it whose product cost is known, and that cost."""
        code, lines = self.currency(order), self.lines.get(order["id"], [])
        known = [line for line in lines if self.cost(line) is not None or self.standard(line) is not None]
        own = sum(self.cost(line) or 0 for line in known)
        standard = sum(self.standard(line) or 0 for line in known)
        if self.money(1, code) is None:
            return 0, 0, 0
        revenue = sum(line["amount"] or 0 for line in lines)
        if self.model.value.revenue_from == "orders":
            revenue = order.get("amount") or 0
        return (
            self.money(revenue, code) or 0,
            self.money(sum(line["amount"] or 0 for line in known), code) or 0,
            (self.money(own, code) or 0) + standard,
        )

    def freight(self, order: Row) -> int:
        freight = order.get("freight")
        if freight is None:
            freight = sum(line.get("freight") or 0 for line in self.lines.get(order["id"], []))
        return self.money(freight, self.currency(order)) or 0

    # -- the features ----------------------------------------------------------------------------------------------

    def features(self, account: str) -> dict[str, Any]:
        found: dict[str, Any] = {"account_id": account}
        for part in (self._bought, self._deals, self._work, self._bills):
            found |= part(account)
        by_deals = self.model.value.revenue_from == "opportunities"
        kind = "opportunity" if by_deals else "order"
        every = self._won(account) if by_deals else self.orders(account)
        days = [row[DAY_OF[kind]] for row in every]
        found |= {
            "transactions": len(self.inside(every, kind)),
            "transactions_ever": len(every),
            "transaction_days_ever": len(set(days)),
            "first_transaction_on": min(days, default=None),
            "last_transaction_on": max(days, default=None),
            "active_quarters": self._quarters(days),
            "onboardings": int(bool(days) and min(days) >= self.start),
        }
        if by_deals:
            found |= {
                "revenue": found["won_amount"], "revenue_cost_known": 0, "product_cost": 0,
                "revenue_before": sum(self._amount(row) for row in self.earlier(every, kind)),
            }  # fmt: skip
        found["no_rate"] = self._no_rate(account)
        return found

    def _quarters(self, days: Iterable[date]) -> int:
        turns = [back(self.as_of, 3 * number) for number in range(9)]
        return len({number for day in days for number in range(8) if turns[number + 1] <= day < turns[number]})

    def _amount(self, row: Row) -> int:
        return self.money(row.get("amount"), self.currency(row)) or 0

    def _bought(self, account: str) -> dict[str, Any]:
        every = self.orders(account)
        now = self.inside(every, "order")
        card = self.model.cost_to_serve.activities.small_order
        sales = [self.sales(order) for order in now]
        lines = [line for order in now for line in self.lines.get(order["id"], [])]
        families = {
            self.products.get(line["product_id"], {}).get("family") or ("", line["product_id"])
            for line in lines
            if line.get("product_id") is not None
        }
        return {
            "orders": len(now),
            "order_lines": len(lines),
            "expedited_orders": sum(bool(order.get("is_expedited")) for order in now),
            "small_orders": sum(self._is_small(order, card.below) for order in now) if card else 0,
            "freight": sum(self.freight(order) for order in now),
            "discount": sum(
                self.money(
                    sum(line.get("discount") or 0 for line in self.lines.get(order["id"], [])), self.currency(order)
                )
                or 0
                for order in now
            ),
            "revenue": sum(each[0] for each in sales),
            "revenue_cost_known": sum(each[1] for each in sales),
            "product_cost": sum(each[2] for each in sales),
            "revenue_before": sum(self.sales(order)[0] for order in self.earlier(every, "order")),
            "product_families": len(families) if "loyalty" in self.model.components_used() else 0,
        }

    def _is_small(self, order: Row, below: float) -> bool:
        """By what its lines come to; by its own amount where these say nothing."""
        lines = [line["amount"] for line in self.lines.get(order["id"], []) if line["amount"] is not None]
        size = sum(lines) if lines else order.get("amount") or 0
        return (self.money(size, self.currency(order)) or 0) < below * SCALE

    def _won(self, account: str) -> list[Row]:
        return [row for row in self.ever("opportunity", account) if row.get("is_won")]

    def _deals(self, account: str) -> dict[str, Any]:
        closed = self.inside(self.ever("opportunity", account), "opportunity")
        won = [row for row in closed if row.get("is_won")]
        open_ = [row for row in self.of("opportunity", account) if self._is_open(row)]
        return {
            "deals_won": len(won),
            "won_amount": sum(self._amount(row) for row in won),
            "deals_lost": sum(bool(row.get("is_closed")) and not row.get("is_won") for row in closed),
            "deals_open": len(open_),
            "open_amount": sum(self._amount(row) for row in open_),
        }

    def _is_open(self, row: Row) -> bool:
        """On the day before: one that was closed since was open then."""
        made, closes = row.get("created_on"), row.get("closes_on")
        was_closed = row.get("is_closed") and closes is not None and closes < self.as_of
        return not was_closed and (made is None or made < self.as_of)

    def _work(self, account: str) -> dict[str, Any]:
        tickets = self.inside(self.ever("ticket", account), "ticket")
        acts = [row for row in self.ever("activity", account) if row.get("created_by_id") not in self.ours]
        now = self.inside(acts, "activity")
        card = self.model.cost_to_serve.activities.ticket
        named = sorted(card.minutes) if card else []  # as `ticket_columns` has them
        last = self.as_of - timedelta(days=1)
        return {
            "tickets": len(tickets),
            **{
                f"tickets_p{number}": sum(_small(row.get("priority")) == _small(name) for row in tickets)
                for number, name in enumerate(named)
            },
            "activities": len(now),
            "activities_before": len(self.earlier(acts, "activity")),
            "visits": sum(_small(row.get("activity_type")) == "visit" for row in now),
            "calls": sum(_small(row.get("activity_type")) == "call" for row in now),
            "last_activity_on": max((row["happened_on"] for row in acts), default=None),
            "contracts_active": sum(
                row.get("starts_on") is not None
                and row["starts_on"] <= last
                and (row.get("ends_on") is None or row["ends_on"] >= last)
                and _small(row.get("status")) not in UNSIGNED
                for row in self.of("contract", account)
            ),
        }

    def _bills(self, account: str) -> dict[str, Any]:
        every = self.ever("invoice", account)
        now = self.inside(every, "invoice")
        recent = [row for row in now if row["issued_on"] >= self.half]
        overdue = [row for row in every if self._late(row) and not self._paid(row)]
        returns = self.inside(self.ever("return", account), "return")
        return {
            "invoices": len(now),
            "invoices_late": sum(self._late(row) > 0 for row in now),
            "days_late": sum(self._late(row) for row in now),
            "disputes": sum(bool(row.get("is_disputed")) for row in now),
            "invoices_recent": len(recent),
            "days_late_recent": sum(self._late(row) for row in recent),
            "overdue_invoices": len(overdue),
            "overdue_amount": sum(self._amount(row) for row in overdue),
            "returns": len(returns),
            "returned_amount": sum(self._amount(row) for row in returns),
        }

    def _paid(self, row: Row) -> date | None:
        paid: date | None = row.get("paid_on")
        return paid if paid is not None and paid < self.as_of else None

    def _late(self, row: Row) -> int:
        if row.get("due_on") is None:
            return 0
        late: int = ((self._paid(row) or self.as_of) - row["due_on"]).days
        return max(late, 0)

    def _no_rate(self, account: str) -> set[str]:
        """Currencies of amounts that count and that nothing converts."""
        own, orders, won = self.accounts[account], self.orders(account), self._won(account)
        deals = self.inside(won, "opportunity") + self.earlier(won, "opportunity")
        rows = [
            *deals, *(row for row in self.of("opportunity", account) if self._is_open(row)),
            *(row for row in self.ever("invoice", account) if self._late(row) and not self._paid(row)),
            *self.inside(self.ever("return", account), "return"),
        ]  # fmt: skip
        rows = [row for row in rows if row.get("amount") is not None]
        rows += self.inside(orders, "order") + self.earlier(orders, "order")
        codes = {self.currency(row) for row in rows}
        if own.get("annual_revenue") is not None:
            codes.add(own.get("currency") or self.model.currency)
        return {code for code in codes if self.money(1, code) is None}
