"""What scoring costs: features, scores, tiers and stored reasons of a large base, and of a night's changes.

`python -m tests.bench.scores [ACCOUNTS] [ORDERS]`, 1 M and 10 M unless told. Beside it stands one GROUP BY of DuckDB
over the same orders, in the same run: compare with that rather than with the seconds. The night's changes are 10,000
orders, half of them new and half changed, from the mirror to the newest scores, on the base and on a tenth of it, to
see whether their cost grows with the base. They are measured three times, and the fastest counts.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from django.conf import settings

from scoring import features, model, pipeline, presets, records
from scoring.calibration import Calibration
from scoring.model import Model

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "admin.settings")
AS_OF = date(2026, 11, 1)
DELTA = 10_000
LIMITS: dict[str, Any] = {"memory_limit": "1GB", "threads": 2}
RESULTS = Path("bench-results")

ACCOUNTS = """
    INSERT INTO account (connection, id, name, type, industry, country, owner_id)
    SELECT 'bench', printf('A%09d', i), 'Account ' || i, 'Customer - Direct',
        ['Energy', 'Utilities', 'Mining', 'Chemicals', 'Automotive', 'Marine', 'Construction'][1 + i % 7], 'FI', 'U1'
    FROM range({accounts}) t(i)
"""
ORDERS = """
    INSERT INTO "order" (connection, id, account_id, status, ordered_on, amount)
    SELECT 'bench', printf('O%010d', i), printf('A%09d', CAST(floor({accounts} * pow(random(), 1.5)) AS BIGINT)),
        'Activated', DATE '2026-10-31' - CAST(floor(1095 * random()) AS INTEGER),
        CAST(10000 * exp(6 + 1.5 * (random() + random() + random() - 1.5)) AS BIGINT)
    FROM range({orders}) t(i)
"""


def main(accounts: int, orders: int) -> None:
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="tierline-scores-") as folder:
        settings.HOME = Path(folder)
        (settings.HOME / "mirror").mkdir()
        small = night(Path(folder) / "tenth.duckdb", accounts // 10, orders // 10)
        rows = whole(Path(folder) / "base.duckdb", accounts, orders)
        rows |= {"tenth_" + name: seconds for name, seconds in small.items()}
    rows |= {
        "delta_over_tenth": round(rows["delta"] / rows["tenth_delta"], 2),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    for name, figure in rows.items():
        print(f"  {name:28} {figure:>14,}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"scores-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(rows, indent=1))
    print(f"kept in {path}")


def using() -> Model:
    """The default model on orders without lines: revenue is the basis."""
    content = yaml.safe_load(presets.text("default"))
    content["value"] |= {"revenue_from": "orders"}
    return model.parse(yaml.safe_dump(content, sort_keys=False), "bench")


def whole(path: Path, accounts: int, orders: int) -> dict[str, Any]:
    """Everything over the whole base, then a night's changes on top of it."""
    from sync.scores.evaluate import CHUNK

    fill(path, accounts, orders)
    rows: dict[str, Any] = {"accounts": accounts, "orders": orders}
    with timed(rows, "group_by"), duckdb.connect(str(path), read_only=True, config=LIMITS) as database:
        database.execute(
            'SELECT account_id, count(*), sum(amount), max(ordered_on) FROM "order" GROUP BY account_id'
        ).to_arrow_table()
    chosen = using()
    from sync.scores import latest

    started = time.monotonic()
    with timed(rows, "features"):
        base = figures(path, chosen)
    with timed(rows, "calibrate"):
        fitted = pipeline.calibrate(base, chosen, AS_OF)
    with timed(rows, "score_and_reasons"):
        base.to_parquet(path.with_suffix(".features"), index=False, row_group_size=CHUNK)
        del base
        with pq.ParquetFile(path.with_suffix(".features")) as held:
            for number in range(held.num_row_groups):
                table = pipeline.score(held.read_row_group(number).to_pandas(), chosen, fitted, AS_OF)
                table.to_parquet(path.with_suffix(f".{number}.parquet"), index=False)
        parts = [path.with_suffix(f".{number}.parquet") for number in range(held.num_row_groups)]
    with timed(rows, "publish"):
        latest.publish(accounts, 1, parts, whole=True)
    rows["whole"] = round(time.monotonic() - started, 1)
    rows["whole_over_group_by"] = round(rows["whole"] / rows["group_by"], 1)
    return rows | changes(path, chosen, fitted, accounts, orders)


def night(path: Path, accounts: int, orders: int) -> dict[str, Any]:
    """A night's changes on a base of its own."""
    fill(path, accounts, orders)
    chosen = using()
    from sync.scores import latest

    base = figures(path, chosen)
    fitted = pipeline.calibrate(base, chosen, AS_OF)
    part = path.with_suffix(".parquet")
    pipeline.score(base, chosen, fitted, AS_OF).to_parquet(part, index=False)
    latest.publish(accounts, 1, [part], whole=True)
    return changes(path, chosen, fitted, accounts, orders)


def changes(path: Path, chosen: Model, fitted: Calibration, accounts: int, orders: int) -> dict[str, Any]:
    """The fastest of three nights."""
    nights = [one_night(path, chosen, fitted, accounts, orders, number) for number in range(3)]
    return min(nights, key=lambda rows: float(rows["delta"]))


def one_night(
    path: Path, chosen: Model, fitted: Calibration, accounts: int, orders: int, number: int
) -> dict[str, Any]:
    """Changed orders into the mirror, then features, scores and newest scores of the accounts they touch."""
    from sync.mirror import Cursor, Mirror
    from sync.reading import touched
    from sync.scores import latest

    rows: dict[str, Any] = {}
    changed = night_orders(path, accounts, orders, number)
    with duckdb.connect(str(path), config=LIMITS) as database:
        touched.forget(database, touched.read(database).upto)
    started = time.monotonic()
    with timed(rows, "delta_absorb"), duckdb.connect(str(path), config=LIMITS) as database:
        Mirror(database).absorb("bench", "order", changed, cursor=Cursor(None, "", True))
        found = touched.read(database).accounts or frozenset()
    with timed(rows, "delta_features"):
        frame = figures(path, chosen, sorted({account for _, account in found}))
    with timed(rows, "delta_score"):
        table = pipeline.score(frame, chosen, fitted, AS_OF)
    with timed(rows, "delta_publish"):
        table.to_parquet(path.with_suffix(".night.parquet"), index=False)
        latest.publish(accounts, 1, [path.with_suffix(".night.parquet")], whole=False)
    rows["delta"] = round(time.monotonic() - started, 2)
    return rows


def night_orders(path: Path, accounts: int, orders: int, number: int) -> pa.Table:
    """`DELTA` orders: the first half changes some that are there, the second is new."""
    half = DELTA // 2
    with duckdb.connect(str(path), read_only=True, config=LIMITS) as database:
        places = [f"O{(place * 7919 * (number + 1)) % orders:010}" for place in range(half)]
        query = 'SELECT id, account_id FROM "order" WHERE id IN (SELECT unnest(?)) ORDER BY id'
        held = database.execute(query, [places]).fetchall()
    new = [
        (f"O{orders + number * half + place:010}", f"A{(place * 7919 + number) % accounts:09}") for place in range(half)
    ]
    ids, owners = zip(*held, *new, strict=True)
    return pa.table(
        {
            "id": list(ids),
            "account_id": list(owners),
            "status": ["Activated"] * len(ids),
            "ordered_on": pa.array([date(2026, 10, 30)] * len(ids), pa.date32()),
            "amount": pa.array([50 + place % 900 + number for place in range(len(ids))], pa.decimal128(18, 4)),
        }
    )


def fill(path: Path, accounts: int, orders: int) -> None:
    """A mirror of made-up customers; the same one every time."""
    from connectors.base import COLUMNS
    from sync.mirror import Mirror

    with duckdb.connect(str(path), config=LIMITS) as database:
        mirror = Mirror(database)
        for kind in ("account", "order"):
            mirror.cursor("bench", kind, dict.fromkeys(COLUMNS[kind], ""))
        database.execute("SELECT setseed(0.5)")
        database.execute(ACCOUNTS.format(accounts=accounts))
        database.execute(ORDERS.format(accounts=accounts, orders=orders))
        database.execute("CHECKPOINT")


def figures(path: Path, chosen: Model, accounts: list[str] | None = None) -> pd.DataFrame:
    from sync.mirror import frame

    backend = ibis.duckdb.connect(str(path), read_only=True, **LIMITS)
    tables = {kind: backend.table(kind) for kind in ("account", "order")}
    if accounts is not None:
        tables = records.only(tables, accounts)
    found = frame(features.build(tables, chosen, AS_OF).order_by("account_id"))
    backend.disconnect()
    return found


@contextmanager
def timed(rows: dict[str, Any], name: str) -> Iterator[None]:
    """Seconds, and CPU seconds of this process: on a busy machine the latter say more."""
    started, used = time.monotonic(), time.process_time()
    yield
    rows[name] = round(time.monotonic() - started, 2)
    rows[f"{name}_cpu"] = round(time.process_time() - used, 2)


if __name__ == "__main__":
    import django

    django.setup()
    given = [int(value.replace("_", "")) for value in sys.argv[1:]]
    main(*(given or [1_000_000, 10_000_000]))
