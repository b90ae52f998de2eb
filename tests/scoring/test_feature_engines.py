"""The same expressions on every engine: DuckDB, SQLite, PostgreSQL and Spark give identical features."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ibis
import pandas as pd
import pyarrow as pa
import pytest
from pgserver.postgres_server import get_server

from scoring import currency, features
from tests.scoring.frames import default
from tests.scoring.test_currency import ROWS, rates
from tests.scoring.test_features import AS_OF, company, on_duckdb

#: Every kind of record counts in it: families only where loyalty does.
MODEL = default(value={"components": {"money": 60, "growth": 20, "loyalty": 20}})


WORTHS = currency.worths(rates(*ROWS), MODEL)


def trade() -> dict[str, pd.DataFrame]:
    """The company, with amounts in several currencies, one of them without a rate, and a cost that comes to a half."""
    tables = company()
    tables["product"]["cost"], tables["order_line"].loc[1, "quantity"] = 400_001, 0.5
    paid_in: dict[str, Any] = {
        "account": ["CHF", "JPY"],
        "order": ["GBP", "USD", None, None, "GBP", None],
        "return": ["GBP", "JPY"],
    }
    return tables | {kind: tables[kind].assign(currency=codes) for kind, codes in paid_in.items()}


@contextmanager
def sqlite(folder: Path) -> Iterator[Any]:
    backend = ibis.sqlite.connect(folder / "mirror.sqlite3")
    try:
        yield backend
    finally:
        backend.disconnect()


@contextmanager
def postgres(folder: Path) -> Iterator[Any]:
    server = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        backend = ibis.connect(server.get_uri())
        yield backend
        backend.disconnect()
    finally:
        server.cleanup()


@contextmanager
def spark(folder: Path) -> Iterator[Any]:
    sessions = pytest.importorskip("pyspark.sql", reason="pyspark is not installed: make spark").SparkSession
    settings = {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    session = sessions.builder.master("local[1]").config(map=settings).getOrCreate()
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


def filled(backend: Any) -> dict[str, Any]:
    """The company's records as tables of this engine."""
    for kind, frame in trade().items():
        types = ibis.memtable(pa.Table.from_pandas(frame, preserve_index=False)).schema()
        schema = {name: "string" if str(type_) == "null" else type_ for name, type_ in types.items()}
        plain = frame.astype(object).where(frame.notna(), None)
        backend.create_table(kind, ibis.memtable(plain, schema=schema))
    return {kind: backend.table(kind) for kind in trade()}


def told(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Values as text: engines differ in how they name a type, not in what they hold."""
    return {str(name): frame[name].astype(object).where(frame[name].notna(), None).map(str).tolist() for name in frame}


#: Spark's Python side warns about pandas 3 and leaves sockets to the garbage collector.
ON_SPARK = pytest.param(spark, marks=[pytest.mark.spark, pytest.mark.filterwarnings("ignore")])


@pytest.mark.parametrize("engine", [sqlite, postgres, ON_SPARK])
def test_every_engine_gives_the_features_of_duckdb(engine: Callable[[Path], Any], tmp_path: Path) -> None:
    with engine(tmp_path) as backend:
        expression = features.build(filled(backend), MODEL, AS_OF, {"OURS"}, WORTHS).order_by("account_id")
        assert told(expression.to_pandas()) == told(on_duckdb(trade(), MODEL, WORTHS))
