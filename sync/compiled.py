"""SQL that ibis has compiled from an expression, kept by all that it was made from.

The features of accounts are one expression of some thousand parts. Making it and compiling it takes three times as
long as executing it over a small company, and a run asks for the same ones as the run before, over other rows.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import lru_cache
from typing import Any

import ibis
import pandas as pd
from ibis.expr import operations

from scoring.model import Model
from sync import mirror

Tables = Mapping[str, Any]
Columns = tuple[tuple[str, Any], ...]


class _Rules:
    """A model as a key: models that say the same are the same."""

    def __init__(self, model: Model) -> None:
        self.model, self._text = model, model.model_dump_json()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def frame(build: Callable[..., Any], tables: Tables, model: Model, *given: Hashable) -> pd.DataFrame:
    """The rows of `build(tables, model, *given)`, as `mirror.frame` gives them.

    `build` must depend on nothing but what it is given, and of the tables on their columns only; `tables` are of one
    reading of the mirror, cut and joined in whatever way.
    """
    sql, names, schema = _compiled(build, _columns(tables), _Rules(model), given)
    backend = tables["account"].get_backend()
    for name in names:
        _put(backend, name, tables[name])
    return mirror.as_frame(backend.con.sql(sql).to_arrow_table().cast(schema))


def _columns(tables: Tables) -> Columns:
    return tuple(sorted((name, table.schema()) for name, table in tables.items()))


@lru_cache(maxsize=64)
def _compiled(
    build: Callable[..., Any], columns: Columns, rules: _Rules, given: tuple[Hashable, ...]
) -> tuple[str, tuple[str, ...], Any]:
    """The SQL, the tables that it asks, and the columns it gives."""
    unbound = {name: ibis.table(schema, name=_view(name)) for name, schema in columns}
    built = build(unbound, rules.model, *given)
    asked = {operation.name for operation in built.op().find(operations.UnboundTable)}
    names = tuple(name for name, _ in columns if _view(name) in asked)
    return ibis.to_sql(built, dialect="duckdb", pretty=False), names, built.schema().to_pyarrow()


def _view(name: str) -> str:
    return f"asked_{name}"


def _put(backend: Any, name: str, table: Any) -> None:
    """Have the database know a table by its name in compiled SQL, in this connection alone."""
    for held in table.op().find(operations.InMemoryTable):
        backend.con.register(held.name, held.data.to_pyarrow(held.schema))
    backend.con.execute(f'CREATE OR REPLACE TEMP VIEW "{_view(name)}" AS {backend.compile(table)}')
