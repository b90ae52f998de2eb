"""Value, cost, ranks, cuts, tiers and stability worked out a second time, account by account in plain Python.

Written from what the modules of `scoring` say of themselves; nothing of the product is used but the model as read.
A row is a dict with the columns of `scoring.features.build`: money in 1/10,000, days as dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import ceil, inf, isfinite
from typing import Any

from scoring.model import Model
from tests.scoring.oracle_features import SCALE, back, whole

Row = Mapping[str, Any]
RULES = {"growth": "leave_out", "fit": "leave_out"}
COUNTED = {
    "order": "orders", "order_line": "order_lines",
    "small_order": "small_orders", "expedited_order": "expedited_orders",
    "visit": "visits", "call": "calls", "deal_won": "deals_won", "deal_lost": "deals_lost", "deal_open": "deals_open",
    "dispute": "disputes", "return_": "returns", "onboarding": "onboardings",
}  # fmt: skip


def exact(number: float) -> Fraction:
    """A figure of the model as it is written there."""
    return Fraction(str(number))


def quantile(values: Sequence[Any], share: Fraction) -> Any:
    """The smallest value that at least this share of all values does not exceed."""
    ordered = sorted(values)
    return ordered[max(ceil(share * len(ordered)) - 1, 0)]


def tenth(number: Fraction) -> Fraction:
    return Fraction(round(number * 10), 10)


class Base:
    """The customers in scope, to which everything is fitted."""

    def __init__(self, rows: Sequence[Row], model: Model, as_of: date) -> None:
        self.rows, self.model, self.as_of = rows, model, as_of
        known, cost = sum(row["revenue_cost_known"] for row in rows), sum(row["product_cost"] for row in rows)
        revenue = sum(row["revenue"] for row in rows)
        self.rate = 1 - cost / known if known > 0 else 0.0
        basis = model.value.basis
        if basis == "auto":
            enough = known > 0 and known >= exact(model.value.cost_known_share) * revenue
            basis = "margin" if enough else "revenue"
        self.basis = basis
        self.names = [name for name in model.components_used() if name != "lifetime"]
        self.limits = {name: self._fit(name) for name in ("money", "recency", "frequency", "potential", "growth")}
        bought = [row for row in rows if row["transactions_ever"]]
        self.fifths = {
            name: self._fifths([self.figure_of_rfm(name, row) for row in bought])
            for name in ("recency", "frequency", "monetary")
        }
        self.fifths["total"] = self._fifths([self._sum(row) for row in bought])

    # -- worth and cost ----------------------------------------------------------------------------------------------

    def worth(self, row: Row) -> int:
        amount: int = row["revenue"]
        if self.basis == "margin":
            rest = row["revenue"] - row["revenue_cost_known"]
            amount = (
                row["revenue_cost_known"]
                - row["product_cost"]
                + (whole(Fraction(rest * self.rate)) if rest > 0 else rest)
            )
        return amount + (row["discount"] if self.model.cost_to_serve.money.discount else 0)

    def cost(self, row: Row) -> int:
        rules, total, seen = self.model.cost_to_serve, 0, False
        for name in (*COUNTED, "late_payment"):
            work = getattr(rules.activities, name)
            if work is not None:
                count = row["invoices_late"] if name == "late_payment" else row[COUNTED[name]]
                total += count * self._unit(work.role, work.minutes)
                seen |= count > 0
        ticket = rules.activities.ticket
        if ticket is not None:
            named = [row[f"tickets_p{number}"] for number in range(len(ticket.minutes))]
            units = [self._unit(ticket.role, ticket.minutes[name]) for name in sorted(ticket.minutes)]
            total += sum(count * unit for count, unit in zip(named, units, strict=True))
            total += (row["tickets"] - sum(named)) * self._unit(ticket.role, ticket.other)
            seen |= row["tickets"] > 0
        for name in ("freight", "discount"):
            if getattr(rules.money, name):
                total += row[name]
                seen |= row[name] != 0
        if rules.rating is not None and not seen and self.worth(row) > 0:
            rating = row.get(rules.rating.attribute)
            if rating in ("1", "2", "3", "4", "5"):
                return whole(self.worth(row) * exact(rules.rating.per_hundred[int(rating) - 1]) / 100)
        return total

    def _unit(self, role: str, minutes: float) -> int:
        return round(exact(self.model.cost_to_serve.cost_per_minute[role]) * exact(minutes) * SCALE)

    def relative(self, row: Row) -> Fraction | None:
        worth = self.worth(row)
        return tenth(Fraction(100 * self.cost(row), worth)) if worth > 0 else None

    # -- components --------------------------------------------------------------------------------------------------

    def figure(self, name: str, row: Row) -> Any:
        """What is ranked; None where it is not known of the customer."""
        ever, last, before = row["transactions_ever"], row["last_transaction_on"], row["revenue_before"]
        if name == "money":
            return self.worth(row) if self.worth(row) > 0 else None
        if name == "recency":
            return -(self.as_of - last).days if ever else None
        if name == "frequency":
            return row["transactions"] if row["transactions"] > 0 else None
        if name == "monetary":
            return row["revenue"]
        if name == "potential":
            return row["open_amount"] if row["open_amount"] > 0 else None
        if before <= 0:
            return None
        now = max(row["revenue"], 0)
        return Fraction(2 * (now - before), now + before)

    def _fit(self, name: str) -> list[Any]:
        known = [figure for figure in (self.figure(name, row) for row in self.rows) if figure is not None]
        return [quantile(known, Fraction(step, 1000)) for step in range(1, 1001)] if known else []

    def points(self, name: str, row: Row) -> Fraction | None:
        """0-100 in tenths; None where it is not known."""
        if name in self.limits:
            figure = self.figure(name, row)
            return None if figure is None else Fraction(sum(limit <= figure for limit in self.limits[name]), 10)
        if name == "fit":
            return self._fit_points(row)
        parts = self._loyalty(row) if name == "loyalty" else self._engagement(row)
        return tenth(100 * sum(parts, Fraction()) / len(parts)) if parts else None

    def _fit_points(self, row: Row) -> Fraction | None:
        rules = self.model.value.fit
        assert rules is not None
        rating = row.get(rules.rating)
        if rating not in ("1", "2", "3", "4", "5"):
            return None
        if rules.rated_on is not None:
            day = row.get(rules.rated_on)
            if day is None or not back(self.as_of, rules.valid_months) <= date.fromisoformat(day) < self.as_of:
                return None
        return Fraction(25 * (int(rating) - 1))

    def _loyalty(self, row: Row) -> list[Fraction]:
        if not row["transactions_ever"]:
            return []
        years = Fraction((self.as_of - row["first_transaction_on"]).days) / exact(365.25)
        return [
            min(years / 5, Fraction(1)), Fraction(row["active_quarters"], 8),
            min(Fraction(row["product_families"], 5), Fraction(1)), Fraction(row["contracts_active"] > 0),
        ]  # fmt: skip

    def _engagement(self, row: Row) -> list[Fraction]:
        parts = [min(Fraction(row["activities"], 24), Fraction(1))]
        for name in self.model.value.engagement:
            said = row.get(name)
            if said in ("yes", "no"):
                parts.append(Fraction(said == "yes"))
            elif said in ("1", "2", "3", "4", "5"):
                parts.append(Fraction(int(said) - 1, 4))
        return parts

    def score(self, row: Row) -> tuple[Fraction, dict[str, Fraction]]:
        """The weighted mean before rounding, and what each component adds."""
        weights = self.model.value.components
        given: dict[str, Fraction] = {}
        for name in weights:
            points = self.points(name, row)
            if points is None:
                rule = self.model.value.unknown.get(name, RULES.get(name, "zero"))
                points = {"zero": Fraction(0), "middle": Fraction(50), "leave_out": None}[rule]
            if points is not None:
                given[name] = points
        whole_weight = sum((exact(weights[name]) for name in given), Fraction())  # type: ignore[index]
        parts = {name: given[name] * exact(weights[name]) / whole_weight for name in given}  # type: ignore[index]
        return sum(parts.values(), Fraction()), parts

    # -- recency, frequency, monetary --------------------------------------------------------------------------------

    def _fifths(self, values: Sequence[int]) -> list[int]:
        return [quantile(values, Fraction(step, 5)) for step in (1, 2, 3, 4)] if values else []

    def _fifth(self, name: str, value: int) -> int:
        return 1 + sum(limit < value for limit in self.fifths[name])

    def _sum(self, row: Row) -> int:
        return sum(self._fifth(name, self.figure_of_rfm(name, row)) for name in ("recency", "frequency", "monetary"))

    def figure_of_rfm(self, name: str, row: Row) -> int:
        figure: int = {
            "recency": -(self.as_of - row["last_transaction_on"]).days,
            "frequency": row["transactions"],
            "monetary": row["revenue"],
        }[name]
        return figure

    def rfm(self, row: Row) -> dict[str, int]:
        if not row["transactions_ever"]:
            return {}
        found = {
            name: self._fifth(name, self.figure_of_rfm(name, row)) for name in ("recency", "frequency", "monetary")
        }
        return {**found, "rfm": self._fifth("total", sum(found.values()))}

    # -- the matrix --------------------------------------------------------------------------------------------------

    def on_axis(self, measure: Any, row: Row) -> float:
        if isinstance(measure, str):
            return self._named(measure, row)
        known = {name: points for name in measure if (points := self.points(name, row)) is not None}
        weight = sum((exact(measure[name]) for name in known), Fraction())
        if not known:
            return -inf
        return float(tenth(sum((known[name] * exact(measure[name]) for name in known), Fraction()) / weight))

    def _named(self, measure: str, row: Row) -> float:
        if measure in RULES or measure in ("money", "recency", "frequency", "potential", "loyalty", "engagement"):
            points = self.points(measure, row)
            return -inf if points is None else float(points)
        if measure == "cost_to_serve":
            relative, costs = self.relative(row), self.cost(row) > 0 and row["transactions_ever"]
            return (inf if costs else -inf) if relative is None else float(relative)
        if measure == "cost":
            return self.cost(row) / SCALE if row["transactions_ever"] else -inf
        if measure == "rfm":
            return float(self.rfm(row).get("rfm", -inf))
        if measure == "profit":
            return (self.worth(row) - self.cost(row)) / SCALE if row["transactions"] else -inf
        if measure == "value_score":
            figure = float(tenth(self.score(row)[0]))
        else:
            figure = {"revenue": row["revenue"], "worth": self.worth(row)}[measure] / SCALE
        return figure if figure > 0 else -inf

    def figures(self) -> list[list[float]]:
        return [[self.on_axis(axis.measure, row) for axis in self.model.tiers.axes] for row in self.rows]

    def cuts(self) -> list[list[float]]:
        """Per axis, as they stand before any limit on the tiers' shares."""
        axes = self.model.tiers.axes
        ranking = [number for number, axis in enumerate(axes) if any(cut.quantile is not None for cut in axis.cuts)]
        ranked = [each for each in self.figures() if all(isfinite(each[number]) for number in ranking)]
        return [
            self._ascending([self._cut(cut, [each[number] for each in ranked]) for cut in axis.cuts])
            for number, axis in enumerate(axes)
        ]

    @staticmethod
    def _cut(cut: Any, values: Sequence[float]) -> float:
        given = [] if cut.at is None else [cut.at]
        if cut.quantile is not None and values:
            given.append(quantile(values, exact(cut.quantile)))
        return float(max(given, default=1e300))

    @staticmethod
    def _ascending(cuts: Sequence[float]) -> list[float]:
        found: list[float] = []
        for cut in cuts:
            found.append(max(cut, found[-1]) if found else cut)
        return found


def place(figure: float, cuts: Sequence[float], better: str) -> int:
    """Class number: a figure at a cut belongs to the better side."""
    return sum(figure >= cut if better == "high" else figure > cut for cut in cuts)


def tier_at(spot: Sequence[int], model: Model) -> str:
    """The first cell that means this spot."""
    axes = {axis.key: axis.classes[number] for axis, number in zip(model.tiers.axes, spot, strict=True)}
    return next(
        cell.tier for cell in model.tiers.cells if all(axes[key] in classes for key, classes in cell.where.items())
    )


def settled(
    figures: Sequence[float],
    computed: Sequence[int],
    cuts: Sequence[Sequence[float]],
    before: Row,
    model: Model,
    as_of: date,
) -> tuple[list[int], date]:
    """Where an account stands, and since when; `before` with position (class numbers), since and so on."""
    rules, axes = model.tiers.stability, model.tiers.axes
    then = list(before["position"])
    if before["cause"] != "behaviour":
        return _moved(then, list(computed), before, model, as_of)
    spot = list(then)
    for number, axis in enumerate(axes):
        spot[number] = _beyond_band(figures[number], then[number], cuts[number], axis.better, rules.hysteresis)
    if rules.one_step:
        for number in range(len(axes)):
            if spot[number] != then[number]:
                step = 1 if spot[number] > then[number] else -1
                spot = [*then[:number], then[number] + step, *then[number + 1 :]]
                break
    ranks = {tier: place for place, tier in enumerate(model.tiers.keys)}
    old, new = ranks[tier_at(then, model)], ranks[tier_at(spot, model)]
    if old != new:
        stays = as_of < _later(before["since"], rules.dwell_months)
        down = new > old
        no_review = down and not _turn_between(before["as_of"], as_of, rules.review)
        waits = (rules.approval == "all" or (rules.approval == "down" and down)) and before["decision"] != "accepted"
        if stays or no_review or waits:
            spot = then
    return _moved(then, spot, before, model, as_of)


def _moved(then: list[int], spot: list[int], before: Row, model: Model, as_of: date) -> tuple[list[int], date]:
    same = tier_at(then, model) == tier_at(spot, model)
    return spot, before["since"] if same else as_of


def _beyond_band(figure: float, old: int, cuts: Sequence[float], better: str, band: float) -> int:
    """The furthest class on the way of which every cut is passed by the band."""
    number = old
    while number < len(cuts) and place(figure, [cuts[number] + band * abs(cuts[number])], better) == 1:
        number += 1
    if number > old:
        return number
    while number > 0 and place(figure, [cuts[number - 1] - band * abs(cuts[number - 1])], better) == 0:
        number -= 1
    return number


def _later(day: date, months: int) -> date:
    return back(day, -months)


def _turn_between(earlier: date, later: date, review: str) -> bool:
    months = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}[review]
    return (earlier.year * 12 + earlier.month - 1) // months < (later.year * 12 + later.month - 1) // months
