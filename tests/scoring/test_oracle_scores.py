"""Scores, cuts, tiers and stability beside a second, naive computation of them, over random models and customers."""

from __future__ import annotations

from collections import Counter
from datetime import date
from fractions import Fraction
from itertools import product
from math import ceil, floor, isfinite
from random import Random
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from tests.scoring.frames import default
from tests.scoring.oracle_customers import SCHEMES, Customers, a_model
from tests.scoring.oracle_scores import Base, Row, exact, place, quantile, settled, tier_at

DAYS = (date(2024, 2, 29), date(2025, 12, 31), date(2026, 1, 1), date(2026, 10, 1), date(2026, 11, 1))


class Case:
    """A model and its customers, scored both ways."""

    def __init__(self, seed: int, scheme: str) -> None:
        random = Random(f"scores {seed} {scheme}")
        self.name = f"{scheme} {seed}"
        self.as_of = random.choice(DAYS)
        self.model: Model = a_model(random, scheme)
        self.found = Customers(random, self.model, self.as_of, random.choice((1, 2, 5, 30, 60)))
        self.before = self.found.before(self.model) if random.random() < 0.5 else {}
        self.fitted: Calibration = pipeline.calibrate(self.found.frame(), self.model, self.as_of)
        self.naive = Base(self.found.customers, self.model, self.as_of)
        self.cuts = [list(self.fitted.cuts.at[axis.key]) for axis in self.model.tiers.axes]
        table = pipeline.score(self.found.frame(), self.model, self.fitted, self.as_of, self._before())
        self.scored: dict[str, dict[Any, Any]] = {row["account_id"]: row for row in table.to_dict("records")}

    def _before(self) -> pd.DataFrame:
        axes = self.model.tiers.axes
        rows = [
            {
                "account_id": account, "tier_since": each["since"].isoformat(), "as_of": each["as_of"].isoformat(),
                "position": [axis.classes[spot] for axis, spot in zip(axes, each["position"], strict=True)],
                "cause": each["cause"], "decision": each["decision"],
            }
            for account, each in self.before.items()
        ]  # fmt: skip
        return pd.DataFrame(rows, columns=["account_id", "position", "tier_since", "as_of", "cause", "decision"])

    def differences(self) -> list[str]:
        if self.fitted.value.basis != self.naive.basis:
            return [f"{self.name}: basis {self.fitted.value.basis}"]
        wrong = [] if self.cuts == self.naive.cuts() else [f"{self.name}: cuts {self.cuts}, not {self.naive.cuts()}"]
        tiered = {row["account_id"] for row in self.found.customers}
        for account, row in self.scored.items():
            if (row["tier"] is not None) != (account in tiered):
                wrong.append(f"{self.name} {account}: tier {row['tier']}")
        for row in self.found.customers:
            told = self.scored[row["account_id"]]
            for what, (given, expected) in {**self._figures(row, told), **self._standing(row, told)}.items():
                if given != expected:
                    wrong.append(f"{self.name} {row['account_id']}: {what} {given}, not {expected}")
        return wrong

    def _figures(self, row: Row, told: Row) -> dict[str, tuple[Any, Any]]:
        exact, _ = self.naive.score(row)
        relative = self.naive.relative(row)
        found = {
            "cost": (told["cost"], self.naive.cost(row)),
            "cost to serve": (
                None if pd.isna(told["cost_to_serve"]) else told["cost_to_serve"],
                None if relative is None else float(relative),
            ),
            # A half in the second decimal may go either way.
            "value score": (abs(told["value_score"] - float(exact)) < 0.05 + 1e-9, True),
        }
        if self.naive.basis == "margin":
            found["margin"] = (told["margin"], self.naive.worth(row))
        if any(each["points"] is not None for each in told["reasons"]):
            found["sum of points"] = (
                abs(sum(each["points"] or 0 for each in told["reasons"]) - told["value_score"]) < 1e-9,
                True,
            )
        ranks = self.naive.rfm(row)
        for name in ("recency", "frequency", "monetary", "rfm"):
            found[name] = (None if pd.isna(told[name]) else told[name], ranks.get(name))
        return found

    def _standing(self, row: Row, told: Row) -> dict[str, tuple[Any, Any]]:
        axes = self.model.tiers.axes
        figures = [self.naive.on_axis(axis.measure, row) for axis in axes]
        computed = [place(each, at, axis.better) for each, at, axis in zip(figures, self.cuts, axes, strict=True)]
        spot, since = computed, self.as_of
        if row["account_id"] in self.before:
            before = self.before[row["account_id"]]
            spot, since = settled(figures, computed, self.cuts, before, self.model, self.as_of)
        tier, by_figures = tier_at(spot, self.model), tier_at(computed, self.model)
        return {
            "tier": (told["tier"], tier),
            "position": (
                list(told["position"]), [axis.classes[number] for axis, number in zip(axes, spot, strict=True)],
            ),
            "since": (told["tier_since"], since.isoformat()),
            "says why it is held": (told["held"] != "", tier != by_figures),
        }  # fmt: skip


@pytest.mark.parametrize("scheme", SCHEMES)
def test_scores_and_tiers_are_those_of_a_naive_computation(scheme: str) -> None:
    for seed in range(3):
        assert Case(seed, scheme).differences() == []


@pytest.mark.soak
@pytest.mark.parametrize("scheme", SCHEMES)
def test_scores_and_tiers_are_those_of_a_naive_computation_for_many_models(scheme: str) -> None:
    for seed in range(3, 60):
        assert Case(seed, scheme).differences() == []


def _limited(seed: int) -> tuple[Model, Customers]:
    """A portfolio matrix with share limits and a region of its own, and customers of it."""
    random = Random(f"shares {seed}")
    model = default(
        tiers={
            "scheme": "cpm", "labels": {}, "cuts": {}, "share": {"min": random.choice((0.05, 0.2)), "max": 0.5},
            "regions": {
                "field": "country", "limits": {"value": [{"quantile": [0.2, 0.9]}]},
                "deviations": [
                    {"key": "fi", "label": "Finland", "values": ["FI"], "cuts": {"value": [{"quantile": 0.8}]}}
                ],
            },
        }
    )  # fmt: skip
    return model, Customers(random, model, DAYS[-1], random.choice((3, 20, 45)))


@pytest.mark.parametrize("seed", range(6))
def test_share_limits_move_the_cuts_no_further_than_they_must_and_regions_keep_theirs(seed: int) -> None:
    model, found = _limited(seed)
    fitted = pipeline.calibrate(found.frame(), model, DAYS[-1])
    naive = Base(found.customers, model, DAYS[-1])
    figures = naive.figures()
    ranked = [each for each in figures if all(map(isfinite, each))]
    if not ranked:
        return
    size = len(figures)
    low = ceil(exact(model.tiers.share.min) * size)
    high = floor(exact(model.tiers.share.max) * size)

    def costs(value: int, cost: int) -> tuple[int, int]:
        at = [
            quantile([each[axis] for each in ranked], Fraction(share, 100)) for axis, share in ((0, value), (1, cost))
        ]
        held: Counter[tuple[bool, ...]] = Counter((worth >= at[0], dear > at[1]) for worth, dear in figures)
        counts = [held[spot] for spot in product((False, True), repeat=2)]
        return sum(max(low - n, 0) + max(n - high, 0) for n in counts), abs(value - 60) + abs(cost - 50)

    best = min(costs(value, cost) for value, cost in product(range(1, 100), repeat=2))
    shares = [round(100 * (fitted.cuts.quantiles[key][0] or 0)) for key in ("value", "cost")]
    assert costs(*shares) == best
    own = quantile([each[0] for each in ranked], Fraction(4, 5))
    assert fitted.cuts.regional["fi"]["value"] == (own,)
    table = pipeline.score(found.frame(), model, fitted, DAYS[-1]).set_index("account_id")
    for row, (worth, _) in zip(found.customers, figures, strict=True):
        cut = own if row["country"] == "FI" else fitted.cuts.at["value"][0]
        assert (table["computed"][row["account_id"]][0] == "high") == (worth >= cut)
