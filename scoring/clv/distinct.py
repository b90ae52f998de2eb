"""The different rows among many, in an order of their own, so that sums over them do not depend on the order given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scoring.ranks import Floats

Places = npt.NDArray[np.intp]
#: Largest whole number that is its own place in a table: 44 years of days.
_TABLE = 16_384


@dataclass(frozen=True)
class Distinct:
    """Rows in ascending order of their columns, left to right, no two alike.

    Attributes:
        tables: per column its values, ascending; there may be values that no row has.
        places: per column and row the place of its value in the table.
        customers: how often each row occurs.
    """

    tables: tuple[Floats, ...]
    places: tuple[Places, ...]
    customers: Floats

    def column(self, number: int) -> Floats:
        return self.tables[number][self.places[number]]

    def mean(self, number: int) -> float:
        """Mean of a column over all customers."""
        return float((self.column(number) * self.customers).sum() / self.customers.sum())

    def sums(self, number: int, amounts: Floats) -> Floats:
        """Sum of one amount per row, by the values in the table of a column."""
        return np.asarray(np.bincount(self.places[number], amounts, len(self.tables[number])), dtype=np.float64)

    def sample(self, size: int) -> Distinct:
        """As if of `size` customers that stand at even distances in the order."""
        total = int(self.customers.sum())
        chosen = (np.arange(size, dtype=np.int64) * total + total // 2) // size
        rows, held = np.unique(np.searchsorted(np.cumsum(self.customers), chosen, side="right"), return_counts=True)
        return Distinct(self.tables, tuple(place[rows] for place in self.places), held.astype(np.float64))


def distinct(columns: Sequence[Floats]) -> Distinct:
    """The different rows of columns of equal length that hold no negative number."""
    coded = [_coded(values) for values in columns]
    shape = tuple(len(table) for table, _ in coded)
    cells, customers = np.unique(np.ravel_multi_index([place for _, place in coded], shape), return_counts=True)
    places = np.unravel_index(cells, shape)
    return Distinct(tuple(table for table, _ in coded), tuple(places), customers.astype(np.float64))


def _coded(values: Floats) -> tuple[Floats, Places]:
    """The values as table and places; whole days, and weeks counted in days, need no sorting for it."""
    for parts in (1, 7):
        whole = np.rint(values * parts)
        if whole.max() < _TABLE and (whole / parts == values).all():
            return np.arange(whole.max() + 1) / parts, whole.astype(np.intp)
    table, place = np.unique(values, return_inverse=True)
    return table, place
