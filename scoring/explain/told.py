"""What explanations are made from: the scored accounts, column by column, and how this model speaks of its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.measures import Worth
from scoring.model.shape import Model
from scoring.money import SCALE
from scoring.ranks import Floats, Ints
from scoring.tiers import Cuts, Positions

Lines = list[str]


@dataclass(frozen=True)
class Told:
    """Scored accounts.

    Attributes:
        frame: columns of `scoring.features.build`.
        figures: per axis of the tier matrix.
        tiers: tier key, or None for an account that has no tier; `without_tier` then says why.
        held: why the tier is not what the figures alone give, or "".
        limits: limits of the ranked components.
    """

    frame: pd.DataFrame
    worth: Worth
    figures: Mapping[str, Floats]
    positions: Positions
    tiers: npt.NDArray[np.object_]
    without_tier: Lines
    held: Lines
    model: Model
    cuts: Cuts
    basis: str

    def by_figures(self, computed: Positions) -> Told:
        """The same, with accounts whose tier is held described by their figures: "high value" beside a high figure."""
        kept = np.array([bool(line) for line in self.held], dtype=bool)
        return replace(self, positions=np.where(kept[:, None], computed, self.positions))

    @property
    def size(self) -> int:
        return len(self.frame)

    @cached_property
    def has_tier(self) -> npt.NDArray[np.bool_]:
        return np.array([key is not None for key in self.tiers], dtype=bool)

    @cached_property
    def never_bought(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.frame["transactions_ever"].to_numpy() == 0, dtype=bool)

    def column(self, name: str) -> Ints:
        """A count or sum, for the accounts that have a tier."""
        return self.frame[name].to_numpy(np.int64)[self.has_tier]

    def days(self, name: str) -> Lines:
        """A date as text, "" where there is none, for the accounts that have a tier."""
        days = pd.to_datetime(self.frame[name]).to_numpy()[self.has_tier].astype("datetime64[D]")
        return [str(day) for day in np.where(np.isnat(days), "", days.astype(str))]

    def worthless(self) -> list[bool]:
        """Whether the window brought nothing, for the accounts that have a tier."""
        return [amount <= 0 for amount in self.worth.basis[self.has_tier].tolist()]

    def words(self, number: int) -> Lines:
        """Class of an axis in words, for the accounts that have a tier."""
        names = [name.replace("_", " ") for name in self.model.tiers.axes[number].classes]
        return [names[place] for place in self.positions[self.has_tier, number].tolist()]

    def signs(self, number: int) -> Lines:
        """ "+" in the better half of an axis' classes, for the accounts that have a tier."""
        axis = self.model.tiers.axes[number]
        upper = 2 * self.positions[self.has_tier, number] >= len(axis.classes)
        return ["+" if good else "-" for good in (upper == (axis.better == "high")).tolist()]

    @property
    def orders(self) -> str:
        return "won deals" if self.model.value.revenue_from == "opportunities" else "orders"

    @property
    def window(self) -> str:
        return f"in the last {self.model.value.windows.months} months"

    def money(self, amounts: Ints) -> Lines:
        """Amounts of 1/10,000 in whole units with the currency."""
        currency = self.model.currency
        return [f"{units:,} {currency}" for units in np.rint(amounts / SCALE).astype(np.int64).tolist()]

    @cached_property
    def bases(self) -> Lines:
        """What the accounts that have a tier bring."""
        return self.money(self.worth.basis[self.has_tier])

    @cached_property
    def costs(self) -> Lines:
        """What the accounts that have a tier cost to serve."""
        return self.money(self.worth.spent[self.has_tier])

    def amount(self, units: float) -> str:
        return f"{round(units):,} {self.model.currency}"
