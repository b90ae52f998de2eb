"""Features beside a second, naive computation of them, over companies of many shapes."""

from __future__ import annotations

from datetime import date, datetime
from random import Random
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pytest

from scoring import currency, features
from scoring.model import Model
from tests.scoring.frames import default
from tests.scoring.oracle_features import Company
from tests.scoring.oracle_orgs import DAYS, SHAPES, WORTH, Org

_TYPES = {"Int64": pa.int64(), "boolean": pa.bool_(), "Float64": pa.float64(), "object": pa.date32()}


def built(org: Org, model: Model, worths: pd.DataFrame | None) -> pd.DataFrame:
    """What the product makes of the records, on DuckDB."""
    with duckdb.connect() as database:
        for kind, frame in org.frames(list(model.attributes)).items():
            schema = pa.schema([(name, _TYPES.get(str(frame[name].dtype), pa.string())) for name in frame.columns])
            database.register("given", pa.Table.from_pandas(frame, preserve_index=False, schema=schema))
            database.execute(f'CREATE TABLE "{kind}" AS SELECT * FROM given')
        backend = ibis.duckdb.from_connection(database)
        tables = {kind: backend.table(kind) for kind in org.records}
        expression = features.build(tables, model, org.as_of, {"OURS"}, worths)
        found: pd.DataFrame = expression.order_by("account_id").to_pandas()
    return found


def models(random: Random) -> Model:
    """Windows of any length, money of any record, with and without the figures that only some components need."""
    return default(
        value={
            "windows": {"months": random.choice((1, 6, 7, 12, 12, 13, 24))},
            "revenue_from": random.choice(("order_lines", "orders", "opportunities")),
            "components": random.choice(({"money": 100}, {"money": 60, "loyalty": 40})),
        }
    )


def worths(model: Model) -> tuple[pd.DataFrame, dict[str, float]]:
    rates = [("file", code, None, None, 1 / worth, False) for code, worth in WORTH.items()]
    found = currency.worths(pd.DataFrame(rates, columns=list(currency.COLUMNS)), model)
    return found, dict(zip(found["rated_currency"], found["worth"], strict=True))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return None if pd.isna(value) else value.date()
    return value if isinstance(value, str | date) or not pd.isna(value) else None


def differences(seed: int, shape: str) -> list[str]:
    random = Random(f"features {seed} {shape}")
    model, as_of = models(random), random.choice(DAYS)
    org = Org(seed, shape, as_of, model.value.windows.months)
    table, worth = worths(model)
    company = Company(org.records, model, as_of, {"OURS"}, worth)
    found = built(org, model, table)
    assert sorted(found["account_id"]) == sorted(row["id"] for row in org.records["account"])
    wrong = []
    for row in found.to_dict("records"):
        expected = company.features(row["account_id"])
        codes, told = expected.pop("no_rate"), _plain(row["no_rate"])
        if (told not in codes) if codes else told is not None:
            wrong.append(f"{shape} {seed} {row['account_id']} no_rate: {told}, expected {codes or None}")
        if codes:
            continue  # such an account is not scored
        wrong += [
            f"{shape} {seed} {row['account_id']} {name}: {_plain(row[name])}, expected {value}"
            for name, value in expected.items()
            if _plain(row[name]) != value
        ]
    return wrong


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_features_are_those_of_a_naive_computation(shape: str) -> None:
    assert differences(1, shape) == []


@pytest.mark.soak
@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("seed", range(2, 40))
def test_features_are_those_of_a_naive_computation_for_many_companies(seed: int, shape: str) -> None:
    assert differences(seed, shape) == []
