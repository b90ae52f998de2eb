"""The rows a step works on: filtered, grouped and joined as the mapping says, read column by column."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.mapping import Join, LoadError, Rows, Step, Test
from connectors.sandbox.tables import Folder, Table

Key = tuple[str, ...]
#: Values of a join's columns, one per row of the joined view.
Evaluate = Callable[["View", Join], Mapping[str, list[Any]]]


class View:
    """Rows of a table that passed the filter, or groups of them, and the rows joined to them.

    Attributes:
        members: per row of the view the rows of the table it stands for; the first speaks for all of them.
        grouped: whether a row may stand for several.
    """

    def __init__(self, table: Table, source: Rows) -> None:
        self.table = table
        self.grouped = bool(source.group_by)
        taken = self._taken(source.where)
        self.members = self._groups(taken, source.group_by) if self.grouped else [[index] for index in taken]
        self._first = [group[0] for group in self.members]
        self._joins: dict[str, _Joined] = {}

    def __len__(self) -> int:
        return len(self.members)

    def place(self, row: int) -> str:
        return self.table.place(self._first[row])

    def raw(self, name: str) -> list[Any]:
        """A column of the table itself, one value per row of the table."""
        try:
            return self.table.column(name)
        except KeyError:
            raise LoadError(
                f"{self.table.name} has no column {name}.",
                f"It has: {', '.join(self.table.columns)}. Correct the mapping or the file.",
            ) from None

    def column(self, name: str) -> list[Any]:
        """A column of the table or of a join (`join.column`), one value per row of the view."""
        alias, dot, inner = name.partition(".")
        if dot and alias in self._joins:
            return self._joins[alias].column(inner)
        values = self.raw(name)
        return [values[index] for index in self._first]

    def keys(self, names: Sequence[str]) -> list[Key | None]:
        """The values of these columns as text, per row; None where one is empty."""
        columns = [self.column(name) for name in names]
        return [key_of(cells) for cells in zip(*columns, strict=True)]

    def _taken(self, where: Mapping[str, Test]) -> list[int]:
        taken = list(range(len(self.table)))
        for name, test in where.items():
            values = self.raw(name)
            taken = [index for index in taken if _holds(test, values[index])]
        return taken

    def _groups(self, taken: Sequence[int], names: Sequence[str]) -> list[list[int]]:
        columns = [self.raw(name) for name in names]
        groups: dict[Key, list[int]] = {}
        for index in taken:
            key = key_of([column[index] for column in columns])
            if key is not None:
                groups.setdefault(key, []).append(index)
        return list(groups.values())

    def join(self, alias: str, other: View, on: Mapping[str, str], columns: Mapping[str, list[Any]]) -> None:
        """Makes the other view's columns usable here as `alias.column`, where the keys fit.

        `columns` are those computed there; without any, all columns of the other view are usable.
        """
        there: dict[Key, int] = {}
        for row, key in enumerate(other.keys(tuple(on.values()))):
            if key is not None and there.setdefault(key, row) != row:
                raise LoadError(
                    f"{other.place(row)}: {', '.join(on.values())} {' '.join(key)} occurs twice.",
                    f"The join {alias} needs one row per key: group_by, or correct the file.",
                )
        fitting = [None if key is None else there.get(key) for key in self.keys(tuple(on))]
        self._joins[alias] = _Joined(alias, other, fitting, columns)


@dataclass(frozen=True)
class _Joined:
    """Rows of another view beside those of this one; `fitting` is None where none fits."""

    alias: str
    view: View
    fitting: list[int | None]
    computed: Mapping[str, list[Any]]

    def column(self, name: str) -> list[Any]:
        if self.computed and name not in self.computed:
            raise LoadError(
                f"The join {self.alias} has no column {name}.",
                f"It has: {', '.join(self.computed)}. Correct the mapping.",
            )
        values = self.computed[name] if self.computed else self.view.column(name)
        return [None if row is None else values[row] for row in self.fitting]


def keys_of(step: Step, view: View, ids: Sequence[str]) -> dict[Key, str]:
    """Key of each row of a step -> the id that it became; none for a step without a key.

    Raises `LoadError` for a key that occurs twice.
    """
    known: dict[Key, str] = {}
    for row, (key, record_id) in enumerate(zip(view.keys(step.key), ids, strict=True)) if step.key else ():
        if key is not None and known.setdefault(key, record_id) != record_id:
            raise LoadError(
                f"{view.place(row)}: {', '.join(step.key)} {' '.join(key)!r} occurs twice.",
                f"The key of {step.title} identifies one row: correct the file, or use group_by.",
            )
    return known


def key_of(cells: Sequence[Any]) -> Key | None:
    """Cells as a key: text, so that a number in one file fits the text in another; None if a cell is empty."""
    return None if any(cell is None for cell in cells) else tuple(str(cell).strip() for cell in cells)


def _holds(test: Test, value: object) -> bool:
    if test.empty is not None:
        return (value is None) == test.empty
    if test.in_ is not None:
        return value is not None and str(value) in {str(item) for item in test.in_}
    return str(value) not in {str(item) for item in test.not_in or ()}


def open_view(folder: Folder, step: Step, evaluate: Evaluate) -> View:
    """The rows of a step with everything joined that it asks for; a later join may use columns of an earlier one."""
    view = View(folder.table(step, step.title), step)
    for alias, join in step.join.items():
        other = View(folder.table(join, alias), join)
        view.join(alias, other, join.match, evaluate(other, join))
    return view
