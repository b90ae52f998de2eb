"""Made-up companies of shapes that no preset was written for, and models to score them by. Everything from a seed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from random import Random
from typing import Any

import pandas as pd

from scoring.model.fields import COLUMNS
from scoring.money import SCALE
from tests.scoring.oracle_features import back

#: Days scored for: leap days, turns of months and years, and the end of a short month.
DAYS = (
    date(2024, 2, 29), date(2024, 3, 1), date(2025, 2, 28), date(2025, 3, 1), date(2026, 1, 1), date(2026, 5, 31),
    date(2026, 11, 1), date(2026, 12, 31), date(2028, 2, 29),
)  # fmt: skip
#: What a shape has of each kind, per account, and the size of its amounts in whole units.
SHAPES: dict[str, dict[str, Any]] = {
    "mixed": {"accounts": 25, "order": 5, "opportunity": 3, "ticket": 4, "activity": 6, "contract": 1, "invoice": 5,
              "return": 1, "amount": 5_000},
    "service": {"accounts": 20, "order": 0, "opportunity": 1, "ticket": 12, "activity": 10, "contract": 2,
                "invoice": 12, "return": 0, "amount": 20_000},
    "wholesale": {"accounts": 30, "order": 18, "opportunity": 0, "ticket": 1, "activity": 0, "contract": 0,
                  "invoice": 8, "return": 2, "amount": 60},
    "projects": {"accounts": 12, "order": 1, "opportunity": 8, "ticket": 1, "activity": 9, "contract": 1, "invoice": 2,
                 "return": 0, "amount": 4_000_000},
    "one": {"accounts": 1, "order": 4, "opportunity": 2, "ticket": 2, "activity": 2, "contract": 1, "invoice": 2,
            "return": 1, "amount": 900},
    "huge": {"accounts": 8, "order": 4, "opportunity": 2, "ticket": 1, "activity": 2, "contract": 0, "invoice": 2,
             "return": 1, "amount": 9_000_000_000},
    "bare": {"accounts": 10, "order": 0, "opportunity": 0, "ticket": 0, "activity": 0, "contract": 0, "invoice": 0,
             "return": 0, "amount": 1},
}  # fmt: skip
NAMES = (
    "Ærø Søfart A/S",
    "株式会社東京",
    "Łódź «Żuraw» Sp. z o.o.",
    "מפעלי הגליל",
    "x" * 255,
    "O'Neill; DROP",
    "",
    "🙂 Ltd",
)
CODES = (None, None, None, "EUR", "USD", "SEK", "XXX")
#: Worth of a unit in euro; XXX has none.
WORTH = {"USD": 0.9, "SEK": 0.0875}
_MONEY = ("amount", "freight", "cost", "discount", "annual_revenue")


class Org:
    """Records of every kind as dicts: money in 1/10,000, days as dates, what is empty as None."""

    def __init__(self, seed: int, shape: str, as_of: date, months: int = 12) -> None:
        self.random, self.as_of, self.months = Random(f"{seed} {shape}"), as_of, months
        self.shape = SHAPES[shape]
        self.faulty = self.random.random() < 0.3  # credit notes and amounts left out
        self.foreign = self.random.random() < 0.4
        self.records: dict[str, list[dict[str, Any]]] = {
            kind: [] for kind in (*SHAPES["mixed"], "order_line", "product", "account") if kind in COLUMNS
        }
        self._products()
        for number in range(self.shape["accounts"]):
            self._account(f"A{number:03}")
        for rows in self.records.values():
            self.random.shuffle(rows)

    def pick(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def day(self) -> date:
        """Often the very first or last day of something."""
        turns = [back(self.as_of, months) for months in (0, 3, self.months // 2, self.months, 2 * self.months, 24)]
        if self.random.random() < 0.4:
            return self.random.choice(turns) + timedelta(days=self.pick(-1, 0, 1))
        return self.as_of - timedelta(days=self.random.randrange(-40, 31 * self.months * 2 + 100))

    def amount(self) -> int | None:
        if self.faulty and self.random.random() < 0.1:
            return None
        sign = -1 if self.faulty and self.random.random() < 0.15 else 1
        return sign * round(self.random.lognormvariate(0, 1) * float(self.shape["amount"]) * SCALE)

    def some(self, kind: str) -> range:
        """Many of a kind, or none: every account is different."""
        return range(self.pick(0, 1, self.shape[kind], 2 * self.shape[kind]) if self.shape[kind] else 0)

    def code(self) -> str | None:
        return self.random.choice(CODES) if self.foreign and self.random.random() < 0.3 else None

    def add(self, kind: str, **values: Any) -> str:
        name = f"{kind[0].upper()}{len(self.records[kind]):05}"
        self.records[kind].append({"id": name, **values})
        return name

    def _products(self) -> None:
        for number in range(6):
            self.add(
                "product", name=f"Product {number}", family=self.pick("Pumps", "Parts", "Service", None),
                cost=self.pick(None, round(self.shape["amount"] * SCALE * 0.3)), is_active=True,
            )  # fmt: skip

    def _account(self, account: str) -> None:
        self.records["account"].append(
            {
                "id": account, "name": self.random.choice(NAMES), "owner_id": self.pick("U1", "U2", None),
                "type": self.pick("Customer - Direct", "Customer - Direct", "customer - channel ", "Prospect", None),
                "industry": self.pick("Energy", "Mining", "Beekeeping", "", None),
                "country": self.pick("FI", "SE", "DE", None),
                "currency": self.code(), "employees": self.pick(None, 0, 12, 40_000),
                "annual_revenue": self.pick(None, 0, 10**10),
            }
        )  # fmt: skip
        for make in (self._orders, self._deals, self._work, self._bills):
            make(account)

    def _orders(self, account: str) -> None:
        for _ in self.some("order"):
            amount = self.amount()
            order = self.add(
                "order", account_id=self.pick(account, account, account, account, None), ordered_on=self.day(),
                status=self.pick("Activated", "Activated", "Activated", None, " DRAFT ", "Cancelled"), amount=amount,
                freight=self.pick(None, None, 0, 123_456), currency=self.code(),
                is_expedited=self.pick(None, False, True),
            )  # fmt: skip
            for _ in range(self.pick(0, 1, 1, 2, 4)):
                self.add(
                    "order_line", order_id=order, product_id=self.pick(None, *(f"P{n:05}" for n in range(7))),
                    quantity=self.pick(None, 1.0, 2.0, 0.5, 3.0), amount=self.amount(),
                    cost=self.pick(None, None, round((amount or 9) * 0.4)), discount=self.pick(None, 0, 50_000),
                    freight=self.pick(None, 20_000),
                )  # fmt: skip

    def _deals(self, account: str) -> None:
        for _ in self.some("opportunity"):
            closed = self.pick(True, True, False)
            self.add(
                "opportunity", account_id=account, is_closed=closed, is_won=closed and self.pick(True, False),
                amount=self.amount(), closes_on=self.day(), created_on=self.pick(None, self.day()),
                currency=self.code(),
            )  # fmt: skip

    def _work(self, account: str) -> None:
        for _ in self.some("ticket"):
            self.add(
                "ticket",
                account_id=account,
                priority=self.pick("High", "high ", "Low", "P1", "", None),
                opened_on=self.day(),
            )
        for _ in self.some("activity"):
            self.add(
                "activity", account_id=account, activity_type=self.pick("Visit", "visit", "Call", "E-mail", None),
                happened_on=self.day(), created_by_id=self.pick("U1", "OURS", None),
            )  # fmt: skip
        for _ in self.some("contract"):
            self.add(
                "contract", account_id=account, status=self.pick("Activated", "Draft", "In Approval Process", None),
                starts_on=self.pick(None, self.day(), self.day()), ends_on=self.pick(None, self.day(), self.day()),
            )  # fmt: skip

    def _bills(self, account: str) -> None:
        for _ in self.some("invoice"):
            issued = self.day()
            due = self.pick(None, issued + timedelta(days=30), issued + timedelta(days=self.random.randrange(90)))
            paid = self.pick(None, issued, issued + timedelta(days=self.random.randrange(140)))
            self.add(
                "invoice", account_id=account, issued_on=issued, due_on=due, paid_on=paid, amount=self.amount(),
                is_disputed=self.pick(None, False, False, True), currency=self.code(),
            )  # fmt: skip
        for _ in self.some("return"):
            self.add("return", account_id=account, returned_on=self.day(), amount=self.amount(), currency=self.code())

    def frames(self, attributes: Sequence[str] = ()) -> dict[str, pd.DataFrame]:
        """One frame per kind, typed as the mirror is."""
        return {kind: frame(kind, rows, attributes) for kind, rows in self.records.items()}


def frame(kind: str, rows: Sequence[dict[str, Any]], attributes: Sequence[str] = ()) -> pd.DataFrame:
    columns = sorted(COLUMNS[kind] | (set(attributes) if kind == "account" else set()))
    found = pd.DataFrame([{name: row.get(name) for name in columns} for row in rows], columns=columns, dtype=object)
    for name in columns:
        if name in _MONEY or name == "employees":
            found[name] = found[name].astype("Int64")
        elif name.endswith("_on"):
            found[name] = pd.to_datetime(found[name]).dt.date.astype(object)
        elif name.startswith("is_"):
            found[name] = found[name].astype("boolean")
        elif name == "quantity":
            found[name] = found[name].astype("Float64")
        else:
            found[name] = found[name].astype("string")
    return found
