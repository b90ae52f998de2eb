"""Scores, cuts, tiers and stability beside a second, naive computation of them, over random models and customers."""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline
from scoring.calibration import Calibration
from scoring.model import Model
from tests.scoring.oracle_customers import SCHEMES, Customers, a_model
from tests.scoring.oracle_scores import Base, Row, place, settled, tier_at

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
