"""Model section on tiers: a matrix of one to four axes, cut into classes, each cell of it naming a tier.

`scheme` takes axes, levels and cells from a ready scheme (`scoring/presets/tiers`); what the model file says of them
replaces that part. With `scheme: own` the file says all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from scoring.model import schemes
from scoring.model.conditions import Condition
from scoring.model.cuts import Cut as Cut
from scoring.model.cuts import Key as Key
from scoring.model.cuts import Label as Label
from scoring.model.cuts import Part, Regions

Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Component = Literal["money", "recency", "frequency", "potential", "growth", "loyalty", "engagement", "fit", "lifetime"]
Measure = Literal["value_score", "cost_to_serve", "cost", "revenue", "worth", "profit", "rfm"] | Component
Weight = Annotated[float, Field(gt=0, strict=True)]


class TierAxis(Part):
    """One axis: a figure of every customer, and the cuts that divide it into classes, lowest first.

    Attributes:
        measure: a figure by name, or components with weights, of which the weighted mean is taken.
        rule: instead of a measure: a customer for whom it holds is in the second class, any other in the first.
        better: which end is good for the tier. A figure exactly at a cut belongs to the better side.
    """

    key: Key
    label: Label
    measure: Measure | Mapping[Component, Weight] | None = None
    rule: Condition | None = None
    better: Literal["high", "low"] = "high"
    classes: Annotated[tuple[Key, ...], Field(min_length=2, max_length=12)]
    cuts: tuple[Cut, ...] = ()

    @model_validator(mode="after")
    def _one_figure(self) -> TierAxis:
        if (self.measure is None) == (self.rule is None):
            raise ValueError("an axis needs exactly one of `measure` and `rule`")
        return self


class Level(Part):
    """A tier: what the picklist offers, and what is to be done about customers in it."""

    key: Key
    label: Label
    action: Annotated[str, Field(max_length=255)] = ""


class TierCell(Part):
    """Cells of the matrix that share a tier: per axis the classes meant; an axis left out means all of them."""

    where: Mapping[Key, Annotated[tuple[Key, ...], Field(min_length=1)]] = {}
    tier: Key


class ShareLimits(Part):
    """Smallest and largest share of the customers in scope that one tier may hold.

    Quantile cuts of two axes with one cut each move as little as possible to keep them.
    """

    min: Share = 0.05
    max: Share = 0.5


class Stability(Part):
    """How firmly a tier stands against behaviour that swings around a boundary.

    Attributes:
        hysteresis: a figure has to pass a cut by this share of the cut before the class changes.
        dwell_months: a tier is kept at least this long.
        one_step: a review moves a customer across one boundary of one axis at most.
        review: turns at which a tier may go down.
        approval: moves that wait until the review round accepts them: none, those down, or all.
    """

    hysteresis: Annotated[float, Field(ge=0, le=0.5, strict=True)] = 0.05
    dwell_months: Annotated[int, Field(ge=0, le=60, strict=True)] = 3
    one_step: bool = True
    review: Literal["month", "quarter", "half_year", "year"] = "quarter"
    approval: Literal["none", "down", "all"] = "none"


class Tiers(Part):
    """The tier scheme."""

    scheme: Literal[
        "cpm", "fiocca", "key_account_matrix", "relationship_portfolio", "strategic_accounts",
        "ranks", "key_ranks", "brackets", "pyramid", "own",
    ] = "cpm"  # fmt: skip
    labels: Mapping[Key, Label] = {}
    actions: Mapping[Key, str] = {}
    cuts: Mapping[Key, tuple[Cut, ...]] = {}
    axes: Annotated[tuple[TierAxis, ...], Field(min_length=1, max_length=4)]
    levels: Annotated[tuple[Level, ...], Field(min_length=2)]
    cells: Annotated[tuple[TierCell, ...], Field(min_length=1)]
    regions: Regions | None = None
    share: ShareLimits = ShareLimits()
    stability: Stability = Stability()

    @model_validator(mode="before")
    @classmethod
    def _from_scheme(cls, given: Any) -> Any:
        """Fill in what the ready scheme brings."""
        if not isinstance(given, Mapping) or given.get("scheme") == "own":
            return given
        # An unknown name is an error of its own; the rest of the section is read as if it were the default.
        name = given.get("scheme", "cpm")
        known = isinstance(name, str) and name in schemes.names()
        return schemes.read(name if known else "cpm") | dict(given)

    @model_validator(mode="after")
    def _adapted(self) -> Tiers:
        """The scheme with the file's own labels, actions and cuts put in their places."""
        levels = tuple(
            Level(
                key=level.key,
                label=self.labels.get(level.key, level.label),
                action=self.actions.get(level.key, level.action),
            )
            for level in self.levels
        )
        axes = tuple(axis.model_copy(update={"cuts": self.cuts.get(axis.key, axis.cuts)}) for axis in self.axes)
        return self.model_copy(update={"levels": levels, "axes": axes})

    def label(self, key: str) -> str:
        """What people call the tier with this key."""
        return next(level.label for level in self.levels if level.key == key)

    def action(self, key: str) -> str:
        """What is to be done about customers of this tier; "" where the model does not say."""
        return next(level.action for level in self.levels if level.key == key)

    @property
    def keys(self) -> tuple[str, ...]:
        """Best tier first."""
        return tuple(level.key for level in self.levels)

    def grid(self) -> dict[tuple[int, ...], str]:
        """Class number per axis -> tier; the first cell that matches decides."""
        classes = [axis.classes for axis in self.axes]
        return {
            spot: next(cell.tier for cell in self.cells if covers(self, cell, spot))
            for spot in product(*(range(len(names)) for names in classes))
        }

    def keeps_shares(self) -> bool:
        """Whether its cuts move until every tier's share is within `share`: two axes with one quantile cut each, and a
        tier of its own in every cell."""
        one_cut = all(
            len(axis.cuts) == 1 and axis.cuts[0].quantile is not None and axis.cuts[0].at is None for axis in self.axes
        )
        return len(self.axes) == 2 and one_cut and len(set(self.grid().values())) == 4


def covers(scheme: Tiers, cell: TierCell, spot: tuple[int, ...]) -> bool:
    """Whether a cell of the file means this place of the matrix (class number per axis)."""
    return all(
        axis.classes[number] in cell.where.get(axis.key, axis.classes)
        for axis, number in zip(scheme.axes, spot, strict=True)
    )
