"""Purchase histories as columns of a frame: what is read, and what is refused in which words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring.clv.errors import UnusableHistory
from scoring.ranks import Floats


@dataclass(frozen=True)
class Histories:
    """One entry per customer, or per different history, all arrays of one length.

    Attributes:
        frequency: repeat purchases, whole numbers: purchases after the first; those of one day count as one.
        recency: time from the first purchase to the last, 0 where there is no repeat purchase.
        length: time from the first purchase to the end of the window ("T" in the literature), in the same unit.
    """

    frequency: Floats
    recency: Floats
    length: Floats


def read(frame: pd.DataFrame) -> Histories:
    """The columns frequency, recency and T of a frame.

    Raises:
        UnusableHistory: a column is missing or not numeric, a value is missing, infinite, negative, or contradicts
            another; the message names the first such row by the frame's index.
    """
    frequency, recency, length = (column(frame, name) for name in ("frequency", "recency", "T"))
    whole_numbers(frequency, frame)
    refuse(recency < 0, frame, "recency is negative", "Count it from the first purchase to the last.")
    refuse(length < 0, frame, "T is negative", "Count it from the first purchase to the end of the window.")
    refuse(recency > length, frame, "recency is greater than T", "Take both in one unit, up to the end of one window.")
    refuse(
        (frequency == 0) & (recency > 0),
        frame,
        "recency is not 0 though frequency is 0",
        "Without a repeat purchase the last purchase is the first one.",
    )
    refuse(
        (frequency > 0) & (recency == 0),
        frame,
        "recency is 0 though frequency is not",
        "Count the purchases of one day as one.",
    )
    return Histories(frequency, recency, length)


def column(frame: pd.DataFrame, name: str) -> Floats:
    """A column as finite numbers."""
    values = numbers(frame, name)
    refuse(~np.isfinite(values), frame, f"{name} is missing or infinite", "Leave out customers that never bought.")
    return values


def numbers(frame: pd.DataFrame, name: str) -> Floats:
    """A column as numbers, NaN where one is missing."""
    if not isinstance(frame, pd.DataFrame):
        raise UnusableHistory(f"Give a DataFrame with one row per customer, not {type(frame).__name__}.")
    found = int((frame.columns == name).sum())
    if found != 1:
        raise UnusableHistory(f"There are {found} columns {name}. The frame needs one row per customer, and one of it.")
    values = frame[name]
    types = pd.api.types
    if not types.is_numeric_dtype(values) or types.is_bool_dtype(values) or types.is_complex_dtype(values):
        raise UnusableHistory(f"Column {name} holds {values.dtype}, not numbers. Convert it first.")
    return values.to_numpy(np.float64, na_value=np.nan)


def whole_numbers(frequency: Floats, frame: pd.DataFrame) -> None:
    refuse(
        (frequency < 0) | (frequency != np.floor(frequency)),
        frame,
        "frequency is not a whole number from 0",
        "It counts the purchases after the first.",
    )


def refuse(wrong: npt.NDArray[np.bool_], frame: pd.DataFrame, what: str, do: str) -> None:
    """Raise if any row is wrong, saying how many are and which is the first."""
    if wrong.any():
        first = frame.index[int(np.argmax(wrong))]
        raise UnusableHistory(f"{what} in {int(wrong.sum()):,} of {len(wrong):,} rows, first in row {first!r}. {do}")
