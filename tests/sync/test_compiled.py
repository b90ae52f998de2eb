"""SQL is compiled once for what is asked again, and never used for what differs in anything that it depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import duckdb
import ibis
import pandas as pd
import pytest

from scoring import currency, features, records
from scoring.model import Model
from sync import compiled, mirror
from tests.scoring.frames import default
from tests.scoring.test_feature_engines import MODEL, WORTHS, trade
from tests.scoring.test_features import AS_OF

Tables = Mapping[str, Any]


def built(tables: Tables, model: Model, as_of: date, ours: frozenset[str]) -> Any:
    return features.build(tables, model, as_of, ours, tables["worth"]).order_by("account_id")


@dataclass(frozen=True)
class Question:
    tables: Tables
    model: Model = MODEL
    as_of: date = AS_OF
    ours: frozenset[str] = frozenset({"OURS"})
    worths: pd.DataFrame = field(default_factory=WORTHS.copy)

    def by_expression(self) -> pd.DataFrame:
        return mirror.frame(built(self._all(), self.model, self.as_of, self.ours))

    def by_sql(self) -> pd.DataFrame:
        return compiled.frame(built, self._all(), self.model, self.as_of, self.ours)

    def compilations(self) -> int:
        before = compiled._compiled.cache_info().misses
        self.by_sql()
        return compiled._compiled.cache_info().misses - before

    def _all(self) -> Tables:
        return {**self.tables, "worth": currency.as_table(self.worths)}


@pytest.fixture
def first() -> Iterator[Question]:
    """About trade in several currencies, in an engine of its own."""
    with duckdb.connect() as database:
        for kind, rows in trade().items():
            database.register("rows", rows)
            database.execute(f'CREATE TABLE "{kind}" AS SELECT * FROM rows')
        backend = ibis.duckdb.from_connection(database)
        yield Question({kind: backend.table(kind) for kind in trade()})


def _without(first: Question, kind: str, *columns: str) -> Question:
    return replace(first, tables={**first.tables, kind: first.tables[kind].drop(*columns)})


OTHER_ROWS: Mapping[str, Callable[[Question], Question]] = {
    "a few accounts": lambda first: replace(first, tables=records.only(first.tables, ["A", "C"])),
    "other rates": lambda first: replace(first, worths=WORTHS.assign(worth=WORTHS["worth"] * 2)),
}
OTHER_SQL: Mapping[str, Callable[[Question], Question]] = {
    "another day": lambda first: replace(first, as_of=date(2026, 6, 1)),
    "another of our users": lambda first: replace(first, ours=frozenset({"U1"})),
    "other rules": lambda first: replace(first, model=default(value={"revenue_from": "opportunities"})),
    "no currency of orders": lambda first: _without(first, "order", "currency"),
}


def test_it_gives_what_the_expression_gives_whatever_was_asked_before(first: Question) -> None:
    questions = [first, *(other(first) for other in (*OTHER_ROWS.values(), *OTHER_SQL.values()))]
    expected = [question.by_expression() for question in questions]
    assert len({rows.to_csv() for rows in expected}) == len(questions), "an answer to another question would show"
    for question, rows in [*zip(questions, expected, strict=True)] * 2:
        pd.testing.assert_frame_equal(question.by_sql(), rows)


@pytest.mark.parametrize("name", OTHER_ROWS)
def test_other_rows_are_asked_for_with_the_same_sql(first: Question, name: str) -> None:
    OTHER_ROWS[name](first).by_sql()
    assert first.compilations() == 0


@pytest.mark.parametrize("name", OTHER_SQL)
def test_what_the_sql_depends_on_is_compiled_anew(first: Question, name: str) -> None:
    compiled._compiled.cache_clear()
    first.by_sql()
    assert OTHER_SQL[name](first).compilations() == 1


def test_a_model_that_says_the_same_is_the_same(first: Question) -> None:
    first.by_sql()
    assert replace(first, model=MODEL.model_copy(deep=True)).compilations() == 0
