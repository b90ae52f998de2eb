"""The tier matrix as a table: where an account stands, and what is beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scoring.model.tiers import TierAxis, Tiers


@dataclass(frozen=True)
class Cell:
    """One cell; `here` where the account stands."""

    label: str
    here: bool


@dataclass(frozen=True)
class Matrix:
    """Heads of the columns, and per row its head and cells; the best row first."""

    columns: list[str]
    rows: list[tuple[str, list[Cell]]]


def matrix(scheme: Tiers, position: Sequence[str] | None) -> list[Matrix]:
    """The scheme's axes two by two; the axes of the other tables stay where the account stands.

    Without a position the other axes stand at their lowest class. A scheme with one axis is one column.
    """
    here = [
        axis.classes.index(name) if name in axis.classes else 0
        for axis, name in zip(scheme.axes, position or [""] * len(scheme.axes), strict=False)
    ]
    here += [0] * (len(scheme.axes) - len(here))
    return [_table(scheme, first, here, known=bool(position)) for first in range(0, len(scheme.axes), 2)]


def _table(scheme: Tiers, first: int, here: list[int], *, known: bool) -> Matrix:
    grid = scheme.grid()
    axis = scheme.axes[first]
    other = scheme.axes[first + 1] if first + 1 < len(scheme.axes) else None
    rows = []
    for place in reversed(range(len(axis.classes))):
        cells = []
        for column in range(len(other.classes) if other else 1):
            spot = [*here]
            spot[first] = place
            if other:
                spot[first + 1] = column
            cells.append(Cell(scheme.label(grid[tuple(spot)]), known and spot == here))
        rows.append((_head(axis, place), cells))
    return Matrix([_head(other, column) for column in range(len(other.classes))] if other else ["tier"], rows)


def _head(axis: TierAxis, place: int) -> str:
    """A class with its axis: "high value"."""
    name = axis.classes[place].replace("_", " ")
    return name if axis.rule is not None else f"{name} {axis.label[0].lower()}{axis.label[1:]}"
