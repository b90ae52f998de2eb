"""A figure of every customer, from which a component of the value score takes its points."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.lifetime import Values
from scoring.model.shape import Model
from scoring.periods import months_before
from scoring.ranks import Floats, Ints

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Base:
    """Accounts whose components are computed.

    Attributes:
        frame: one row per account, columns of `scoring.features.build`.
        basis: worth of the window per account, 1/10,000 of the currency.
        lifetime: customer lifetime values, where the model has them fitted.
    """

    frame: pd.DataFrame
    basis: Ints
    model: Model
    as_of: date
    lifetime: Values | None = None

    def counts(self, column: str) -> Ints:
        return self.frame[column].to_numpy(np.int64)

    def days_since(self, column: str) -> Ints:
        """Whole days from a date column to the date scored for; 0 where there is none."""
        days = pd.to_datetime(self.frame[column]).to_numpy().astype("datetime64[D]")
        return np.where(np.isnat(days), 0, (np.datetime64(self.as_of) - days).astype(np.int64))

    def rating(self, attribute: str) -> Floats:
        """An attribute as a share: 1 to 5 become 0 to 1, yes 1, no 0; NaN where it says nothing of that."""
        column = pd.Series(self.frame[attribute], dtype=object).map(_share)
        return column.to_numpy(float, na_value=np.nan)

    def is_recent(self, attribute: str, months: int) -> Mask:
        """Whether an attribute holds a date of the last so many months."""
        days = pd.to_datetime(pd.Series(self.frame[attribute], dtype=object), errors="coerce", format="ISO8601")
        found = days.to_numpy().astype("datetime64[D]")
        first = np.datetime64(months_before(self.as_of, months))
        return np.asarray(~np.isnat(found) & (found >= first) & (found <= np.datetime64(self.as_of)), dtype=bool)


def _share(value: object) -> float | None:
    text = str(value).strip().casefold() if value is not None else ""
    if text in ("yes", "true", "no", "false"):
        return float(text in ("yes", "true"))
    try:
        number = float(text)
    except ValueError:
        return None
    return (number - 1) / 4 if 1 <= number <= 5 else None


@dataclass(frozen=True)
class Figure:
    """`amounts` per account and of whom they are `known`; ranked, or points in tenths as they are."""

    amounts: Ints
    known: Mask
    ranked: bool = True
