"""Early warnings of payment and churn risk: each a sentence with its figures, by rules of the model (`Risk`).

Churn risk is learned where enough customers were lost (`scoring.churn`); its warning then stands in place of the
rules' and names the signals. Of payment an org has too few defaults to learn from, and a seller can check a rule.
Where too little is known for every rule of an area the sentence says so; it never shows a figure then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring import churn
from scoring.churn import Fitted
from scoring.model.risk import Churn
from scoring.model.shape import Model
from scoring.money import SCALE
from scoring.ranks import Floats, Ints
from scoring.unjudged import NOT_ENOUGH

_HIGH = 0.8
Mask = npt.NDArray[np.bool_]
#: Warnings: the accounts (row numbers) and a sentence for each of them.
Warnings = Iterator[tuple[list[int], list[str]]]


@dataclass(frozen=True)
class _Base:
    frame: pd.DataFrame
    model: Model
    as_of: date
    foreign: Mask

    def counts(self, name: str) -> Ints:
        return self.frame[name].to_numpy(np.int64)

    def days(self, name: str) -> npt.NDArray[np.datetime64]:
        return pd.to_datetime(self.frame[name]).to_numpy().astype("datetime64[D]")

    @property
    def window(self) -> str:
        return f"{self.model.value.windows.months} months"

    @property
    def orders(self) -> tuple[str, str]:
        return ("won deal", "won deals") if self.model.value.revenue_from == "opportunities" else ("order", "orders")


def texts(
    frame: pd.DataFrame, model: Model, as_of: date, in_scope: Mask, foreign: Mask, learned: Fitted | None = None
) -> pd.Series:
    """Sentences per account, payment first; none for accounts out of scope.

    Args:
        frame: columns of `scoring.features.build`.
        foreign: accounts whose amounts cannot be compared; theirs are not told.
        learned: of churn, in place of the rules.
    """
    base = _Base(frame, model, as_of, foreign)
    found: list[list[str]] = [[] for _ in range(len(frame))]
    for warnings, judged, unknown in (
        (_payment(base), _payment_known(base), _payment_unknown(base)),
        (
            _churn(base) if learned is None else _learned(base, learned),
            _churn_known(base, learned),
            _churn_unknown(base),
        ),
    ):
        warned = np.zeros(len(frame), dtype=bool)
        for rows, sentences in warnings:
            warned[rows] = True
            for row, sentence in zip(rows, sentences, strict=True):
                found[row].append(sentence)
        for row in np.flatnonzero(~warned & ~judged).tolist():
            found[row].append(unknown[row])
    lines = [each if inside else [] for each, inside in zip(found, in_scope.tolist(), strict=True)]
    return pd.Series(lines, dtype=object, index=frame.index)


def _share(part: Ints, whole: Ints) -> Floats:
    return part / np.maximum(whole, 1)


def _rows(mask: Mask) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)]


def _payment(base: _Base) -> Warnings:
    rules, invoices = base.model.risk, base.counts("invoices")
    enough = invoices >= rules.min_invoices
    for name, limit, words in (("invoices_late", rules.late, "Pays late"), ("disputes", rules.disputed, "Disputes")):
        hits = base.counts(name)
        rows = _rows(enough & (_share(hits, invoices) > limit))
        yield (
            rows,
            [
                f"{words}: {hits[row]:,} of {invoices[row]:,} invoices in the last {base.window} "
                f"({100 * hits[row] / invoices[row]:.0f} %; a warning above {100 * limit:g} %)"
                for row in rows
            ],
        )
    yield _later(base)
    yield _overdue(base)


def _later(base: _Base) -> tuple[list[int], list[str]]:
    rules, recent = base.model.risk, base.counts("invoices_recent")
    before = base.counts("invoices") - recent
    now = _share(base.counts("days_late_recent"), recent)
    then = _share(base.counts("days_late") - base.counts("days_late_recent"), before)
    enough = (recent >= rules.min_invoices) & (before >= rules.min_invoices)
    rows = _rows(enough & (now - then > rules.later))
    return rows, [
        f"Pays later than before: {now[row]:.1f} days late on average in the last "
        f"{base.model.value.windows.months // 2} months, {then[row]:.1f} in those before"
        for row in rows
    ]


def _overdue(base: _Base) -> tuple[list[int], list[str]]:
    amounts, counts = base.counts("overdue_amount"), base.counts("overdue_invoices")
    rows = _rows((counts > 0) & (base.foreign | (amounts > base.model.risk.overdue * SCALE)))
    currency = base.model.currency
    return rows, [
        f"Overdue: {counts[row]:,} {'invoice' if counts[row] == 1 else 'invoices'}"
        + ("" if base.foreign[row] else f", {round(amounts[row] / SCALE):,} {currency}")
        for row in rows
    ]


def _payment_known(base: _Base) -> Mask:
    return np.asarray(base.counts("invoices") >= base.model.risk.min_invoices)


def _payment_unknown(base: _Base) -> list[str]:
    needed, window = base.model.risk.min_invoices, base.window
    counts, rows = np.unique(base.counts("invoices"), return_inverse=True)
    lines = [
        f"Payment risk{NOT_ENOUGH} ({count} of {needed} invoices in the last {window})" for count in counts.tolist()
    ]
    return [lines[row] for row in rows.tolist()]


def _churn(base: _Base) -> Warnings:
    yield _silent(base)
    yield _fallen(base)
    yield _quiet_contacts(base)


def _learned(base: _Base, learned: Fitted) -> Warnings:
    """Customers of the window whose risk is well above the average; of others the fit knows nothing, so rules speak."""
    rules = base.model.risk.churn or Churn()
    known = base.counts("transactions") > 0
    chances, parts = churn.risk(base.frame, learned, base.as_of)
    rows = _rows(known & (chances >= min(rules.times * learned.average, _HIGH)))
    why = churn.reasons(base.frame, parts, rows, base.as_of, base.orders[0])
    average = f"{100 * learned.average:.0f} % on average"
    yield (
        rows,
        [
            f"Churn risk {100 * chances[row]:.0f} % in the next {rules.months} months ({average}): {text}"
            for row, text in zip(rows, why, strict=True)
        ],
    )
    for ruled, sentences in _churn(base):
        others = [(row, text) for row, text in zip(ruled, sentences, strict=True) if not known[row]]
        yield [row for row, _ in others], [text for _, text in others]


def _silent(base: _Base) -> tuple[list[int], list[str]]:
    first, last = base.days("first_transaction_on"), base.days("last_transaction_on")
    days = base.counts("transaction_days_ever")
    known = (days >= max(base.model.risk.min_orders, 2)) & ~np.isnat(last)
    usual = np.where(known, (last - first).astype(np.int64), 0) / np.maximum(days - 1, 1)
    silent = np.where(known, (np.datetime64(base.as_of) - last).astype(np.int64), 0)
    rows = _rows(known & (silent > base.model.risk.silence * usual))
    one = base.orders[0]
    return rows, [f"No {one} since {last[row]}; usually one every {_days(usual[row])}" for row in rows]


def _days(count: float) -> str:
    whole = max(round(count), 1)
    return "day" if whole == 1 else f"{whole:,} days"


def _orders_before(base: _Base) -> Ints:
    return base.counts("transactions_ever") - base.counts("transactions")


def _fallen(base: _Base) -> tuple[list[int], list[str]]:
    rules, now, before = base.model.risk, base.counts("revenue"), base.counts("revenue_before")
    fall = (before - now) / np.maximum(before, 1)
    rows = _rows((before > 0) & (_orders_before(base) >= rules.min_orders) & (fall > rules.revenue_fall))
    return rows, [f"Revenue fell by {100 * fall[row]:.0f} % against the {base.window} before" for row in rows]


def _quiet_contacts(base: _Base) -> tuple[list[int], list[str]]:
    rules, now, before = base.model.risk, base.counts("activities"), base.counts("activities_before")
    fall = _share(before - now, before)
    rows = _rows((before >= rules.min_contacts) & (fall > rules.contacts_fall))
    return rows, [
        f"Contacts fell from {before[row]:,} to {now[row]:,} against the {base.window} before" for row in rows
    ]


def _churn_known(base: _Base, learned: Fitted | None) -> Mask:
    rules = base.model.risk
    orders = np.maximum(base.counts("transaction_days_ever"), _orders_before(base))
    by_rules = (orders >= rules.min_orders) | (base.counts("activities_before") >= rules.min_contacts)
    return np.asarray(by_rules if learned is None else by_rules | (base.counts("transactions") > 0))


def _churn_unknown(base: _Base) -> list[str]:
    needed, (_, many) = base.model.risk.min_orders, base.orders
    return [
        f"Churn risk{NOT_ENOUGH} ({many} on {count} of {needed} days)"
        for count in base.counts("transaction_days_ever").tolist()
    ]
