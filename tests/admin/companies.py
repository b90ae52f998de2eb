"""Data sets we bring mappings and models for, in an org and in a mirror as the Salesforce connector reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from admin.demo import datasets
from connectors.sandbox import load, mapping
from connectors.sandbox.load import LoadReport
from connectors.sandbox.org.org import Org
from scoring import features, pipeline
from scoring import model as models
from scoring.calibration import Calibration
from sync import clock, mirror
from tests.admin import orgs
from tests.once import made_once

DATA = Path(__file__).parents[3] / "shared" / "data"
needs_data = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there")
TODAY = date(2026, 11, 23)


@dataclass
class Company:
    """A data set in an org, and in a mirror as the Salesforce connector reads it."""

    dataset: datasets.Dataset
    org: Org
    report: LoadReport
    database: duckdb.DuckDBPyConnection

    def __post_init__(self) -> None:
        assert self.dataset.model is not None
        self.model = models.load(self.dataset.model)

    @cached_property
    def mirror(self) -> mirror.Mirror:
        """To write in; a company that tests share is only read."""
        return mirror.Mirror(self.database)

    def rows(self, soql: str) -> list[dict[str, Any]]:
        return orgs.rows(self.org, soql)

    def count(self, object_name: str, where: str = "Id != null") -> int:
        return self.org.query(f"SELECT COUNT() FROM {object_name} WHERE {where}").total

    def total(self, object_name: str, column: str) -> Decimal:
        return sum((row[column] for row in self.rows(f"SELECT {column} FROM {object_name}")), Decimal(0))

    @property
    def tables(self) -> Mapping[str, Any]:
        return orgs.tables_of(self.database)

    @property
    def as_of(self) -> date:
        return clock.as_of(self.model, TODAY, self.tables)

    def features(self) -> pd.DataFrame:
        frame: pd.DataFrame = features.build(self.tables, self.model, self.as_of).order_by("account_id").to_pandas()
        return frame

    @cached_property
    def calibration(self) -> Calibration:
        return pipeline.calibrate(self.features(), self.model, self.as_of)

    @cached_property
    def scores(self) -> pd.DataFrame:
        return pipeline.score(self.features(), self.model, self.calibration, self.as_of)


def company(name: str, home: Path, mapping_name: str = "", database: str = ":memory:") -> Company:
    """The data set loaded into an org in `home`, and read into a mirror."""
    dataset = datasets.find(DATA / name)
    path = dataset.mapping.with_name(mapping_name) if mapping_name else dataset.mapping
    org = Org.open(home)
    report = load.load(org, dataset.directory, mapping.read(path))
    found = Company(dataset, org, report, duckdb.connect(database))
    orgs.fill(found.mirror, org, found.model)
    return found


def loaded(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder made once for all tests: the data set's `org`, `mirror.duckdb`, and what was loaded in `report.json`."""

    def make(folder: Path) -> None:
        found = company(name, folder / "org", database=str(folder / "mirror.duckdb"))
        with found.org, found.database:
            (folder / "report.json").write_text(json.dumps(found.report.rows))

    return made_once(factory, f"dataset-{name}", make)


def shared(folder: Path, name: str) -> Company:
    """The company in such a folder, to be read."""
    report = LoadReport(json.loads((folder / "report.json").read_text()))
    database = duckdb.connect(str(folder / "mirror.duckdb"), read_only=True)
    return Company(datasets.find(DATA / name), Org.open(folder / "org"), report, database)
