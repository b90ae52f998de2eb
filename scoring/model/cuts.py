"""Boundaries of tier axes, and how far regions may move them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, Field, model_validator

from scoring.model.conditions import STRICT, Text

Key = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*$", max_length=40)]
Label = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^\S(.*\S)?$")]
Bounds = tuple[Annotated[float, Field(strict=True)], Annotated[float, Field(strict=True)]]


class Part(BaseModel):
    model_config = STRICT


class Cut(Part):
    """A boundary between two classes of an axis.

    Attributes:
        quantile: share of the ranked customers below it.
        at: an amount of the axis (money in whole units). With both, the higher of the two.
    """

    quantile: Annotated[float | None, Field(gt=0, lt=1, strict=True)] = None
    at: Annotated[float | None, Field(strict=True)] = None

    @model_validator(mode="after")
    def _says_where(self) -> Cut:
        if self.quantile is None and self.at is None:
            raise ValueError("a cut needs `quantile`, `at`, or both")
        return self


class CutLimits(Part):
    """How far a region may move one cut: lowest and highest quantile, and amount. What is left out may not be set."""

    quantile: Bounds | None = None
    at: Bounds | None = None

    @model_validator(mode="after")
    def _ordered(self) -> CutLimits:
        for name in ("quantile", "at"):
            bounds = getattr(self, name)
            if bounds is not None and bounds[0] > bounds[1]:
                raise ValueError(f"the lowest `{name}` is greater than the highest")
        if self.quantile is None and self.at is None:
            raise ValueError("limits of a cut need `quantile`, `at`, or both, each as [lowest, highest]")
        return self


class Region(Part):
    """Customers whose field has one of these values, and the cuts that hold for them in place of the company's."""

    key: Key
    label: Label
    values: Annotated[tuple[Text, ...], Field(min_length=1)]
    cuts: Annotated[Mapping[Key, tuple[Cut, ...]], Field(min_length=1)]


class Regions(Part):
    """Deviating cuts per region, within limits that hold for all of them.

    Attributes:
        field: a text field of the account that tells its region.
        limits: per axis, for each of its cuts. An axis left out is the same everywhere.
    """

    field: Text
    limits: Annotated[Mapping[Key, tuple[CutLimits, ...]], Field(min_length=1)]
    deviations: Annotated[tuple[Region, ...], Field(min_length=1)]
