"""What scoring costs: features, scores, tiers and stored reasons of a large base, and of a night's changes.

`python -m tests.bench.scores [ACCOUNTS] [ORDERS]`, 1 M and 10 M unless told. It is the step `score` of runs as the
product does it, with a second worker that helps. Beside it stands one GROUP BY of DuckDB over the same orders, in the
same run: compare with that rather than with the seconds. The night's changes are 10,000 orders, half of them new and
half changed, from the mirror to the newest scores, on the base and on a tenth of it, to see whether their cost grows
with the base. They are measured three times, and the fastest counts. They do grow, to about twice for tenfold: see the
decision on it in CONTRIBUTING.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import yaml

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "admin.settings")
AS_OF = date(2026, 11, 1)
DELTA = 10_000
LIMITS: dict[str, Any] = {"memory_limit": "1GB", "threads": 2}
RESULTS = Path("bench-results")

ACCOUNTS = """
    INSERT INTO account (connection, id, name, type, industry, country, owner_id)
    SELECT '{connection}', printf('A%09d', i), 'Account ' || i, 'Customer - Direct',
        ['Energy', 'Utilities', 'Mining', 'Chemicals', 'Automotive', 'Marine', 'Construction'][1 + i % 7], 'FI', 'U1'
    FROM range({accounts}) t(i)
"""
ORDERS = """
    INSERT INTO "order" (connection, id, account_id, status, ordered_on, amount)
    SELECT '{connection}', printf('O%010d', i), printf('A%09d', CAST(floor({accounts} * pow(random(), 1.5)) AS BIGINT)),
        'Activated', DATE '2026-10-31' - CAST(floor(1095 * random()) AS INTEGER),
        CAST(10000 * exp(6 + 1.5 * (random() + random() + random() - 1.5)) AS BIGINT)
    FROM range({orders}) t(i)
"""


def main(accounts: int, orders: int) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    load = os.getloadavg()[0]
    small = night("tenth", accounts // 10, orders // 10)
    rows = whole("base", accounts, orders)
    rows |= {"tenth_" + name: seconds for name, seconds in small.items()}
    rows |= {
        "delta_over_tenth": round(rows["delta"] / rows["tenth_delta"], 2),
        "load_before": round(load, 2),
        "load_after": round(os.getloadavg()[0], 2),
    }
    for name, figure in rows.items():
        print(f"  {name:28} {figure:>14,}")
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"scores-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps(rows, indent=1))
    print(f"kept in {path}")


def published(name: str) -> Any:
    """A portfolio with the default model on orders without lines: revenue is the basis."""
    from scoring import model, presets
    from sync.models import Connection, Portfolio, PublishedModel

    content = yaml.safe_load(presets.text("default"))
    content["value"] |= {"revenue_from": "orders"}
    text = yaml.safe_dump(content, sort_keys=False)
    portfolio = Portfolio.objects.create(name=name)
    identity = {"user_id": "U0"}
    Connection.objects.create(portfolio=portfolio, name=name, kind="salesforce", identity=identity)
    PublishedModel.objects.create(
        portfolio=portfolio, text=text, source=name, fingerprint=model.parse(text, name).fingerprint()
    )
    return portfolio


def run_of(portfolio: Any, kind: str) -> Any:
    """A run that has read everything and is about to score."""
    from sync.models import Run

    return Run.objects.create(
        portfolio=portfolio, model=portfolio.model_in_force(), kind=kind, step=Run.Step.SCORE, today=AS_OF, as_of=AS_OF
    )


def scored(run: Any, token: str) -> bool:
    """One unit of the step `score`; whether there are more."""
    from sync.models import Run
    from sync.scores import evaluate

    return evaluate.advance(Run.objects.select_related("portfolio", "model", "calibration").get(pk=run.pk), token)


def done(run: Any) -> None:
    from sync.models import Run

    Run.objects.filter(pk=run.pk).update(state=Run.State.DONE)


def whole(name: str, accounts: int, orders: int) -> dict[str, Any]:
    """Everything over the whole base, then a night's changes on top of it."""
    from sync import lease, mirror
    from sync.models import Run

    portfolio = published(name)
    fill(portfolio.pk, accounts, orders)
    rows: dict[str, Any] = {"accounts": accounts, "orders": orders}
    query = 'SELECT account_id, count(*), sum(amount), max(ordered_on) FROM "order" GROUP BY account_id'
    held = str(mirror.path(portfolio.pk))
    with timed(rows, "group_by"), duckdb.connect(held, read_only=True, config=LIMITS) as database:
        database.execute(query).to_arrow_table()
    run = run_of(portfolio, Run.Kind.FULL)
    token = lease.claim(run.pk) or ""
    with helper() as other:
        started = time.monotonic()
        with timed(rows, "features_and_calibration"):
            scored(run, token)
        with timed(rows, "scores_and_reasons"):
            other.stdin.write(f"{run.pk}\n")
            other.stdin.flush()
            while scored(run, token):
                pass
        rows["whole"] = round(time.monotonic() - started, 1)
        rows["helper_cpu"], helper_mb = told(other)
    # More than there ever was at a time: each had its most at a moment of its own.
    rows |= {"peak_rss_mb": most_held() + round(helper_mb), "of_the_helper_mb": round(helper_mb)}
    rows["whole_over_group_by"] = round(rows["whole"] / rows["group_by"], 1)
    done(run)
    return rows | changes(portfolio, accounts, orders)


@contextmanager
def helper() -> Iterator[Any]:
    """Another worker, which helps with the run whose number it is told."""
    command = [sys.executable, "-m", "tests.bench.scores", "help"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.readline()  # everything is imported, as in a worker that has been there before
        yield process
        process.stdin.close()


def told(other: Any) -> tuple[float, int]:
    """CPU seconds that a helper took to help, and the most memory it held, in MB."""
    seconds, megabytes = other.stdout.readline().split()
    return float(seconds), int(megabytes)


def most_held() -> int:
    """The most memory this process has held, in MB. `getrusage` counts what its parent held when it began."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) // 1024


def help_out() -> None:
    from sync.scores import helping

    print("ready", flush=True)
    for line in sys.stdin:
        used = time.process_time()
        while helping.help_out(int(line), 0, 1):
            pass
        print(round(time.process_time() - used, 2), most_held(), flush=True)


def night(name: str, accounts: int, orders: int) -> dict[str, Any]:
    """A night's changes on a base of its own."""
    from sync import lease
    from sync.models import Run

    portfolio = published(name)
    fill(portfolio.pk, accounts, orders)
    run = run_of(portfolio, Run.Kind.FULL)
    token = lease.claim(run.pk) or ""
    while scored(run, token):
        pass
    done(run)
    return changes(portfolio, accounts, orders)


def changes(portfolio: Any, accounts: int, orders: int) -> dict[str, Any]:
    """The fastest of three nights."""
    nights = [one_night(portfolio, accounts, orders, number) for number in range(3)]
    return min(nights, key=lambda rows: float(rows["delta"]))


def one_night(portfolio: Any, accounts: int, orders: int, number: int) -> dict[str, Any]:
    """Changed orders into the mirror, then features, scores and newest scores of the accounts they touch."""
    from sync import lease, mirror
    from sync.mirror import Cursor
    from sync.models import Run
    from sync.reading import touched

    rows: dict[str, Any] = {}
    changed = night_orders(mirror.path(portfolio.pk), accounts, orders, number)
    with mirror.writing(portfolio.pk) as held:
        touched.forget(held.database, touched.read(held.database).upto)
    run = run_of(portfolio, Run.Kind.INCREMENTAL)
    token = lease.claim(run.pk) or ""
    started = time.monotonic()
    with timed(rows, "delta_absorb"), mirror.writing(portfolio.pk) as held:
        held.absorb(portfolio.name, "order", changed, cursor=Cursor(None, "", True))
    with timed(rows, "delta_snapshot"):
        mirror.publish(portfolio.pk)
    with timed(rows, "delta_score"):
        while scored(run, token):
            pass
    rows["delta"] = round(time.monotonic() - started, 2)
    rows["delta_accounts"] = Run.objects.get(pk=run.pk).counts["accounts_scored"]
    done(run)
    return rows


def night_orders(path: Path, accounts: int, orders: int, number: int) -> pa.Table:
    """`DELTA` orders: the first half changes some that are there, the second is new."""
    from connectors.base import COLUMNS

    half = DELTA // 2
    with duckdb.connect(str(path), read_only=True, config=LIMITS) as database:
        places = [f"O{(place * 7919 * (number + 1)) % orders:010}" for place in range(half)]
        query = 'SELECT id, account_id FROM "order" WHERE id IN (SELECT unnest(?)) ORDER BY id'
        held = database.execute(query, [places]).fetchall()
    new = [
        (f"O{orders + number * half + place:010}", f"A{(place * 7919 + number) % accounts:09}") for place in range(half)
    ]
    ids, owners = zip(*held, *new, strict=True)
    given = {"connection", "id", "account_id", "status", "ordered_on", "amount"}
    return pa.table(
        {
            **{name: pa.nulls(len(ids), kind) for name, kind in COLUMNS["order"].items() if name not in given},
            "id": list(ids),
            "account_id": list(owners),
            "status": ["Activated"] * len(ids),
            "ordered_on": pa.array([date(2026, 10, 30)] * len(ids), pa.date32()),
            "amount": pa.array([50 + place % 900 + number for place in range(len(ids))], pa.decimal128(18, 4)),
        }
    )


def fill(portfolio_id: int, accounts: int, orders: int) -> None:
    """A mirror of made-up customers; the same one every time."""
    from connectors.base import COLUMNS
    from sync import mirror
    from sync.models import Portfolio
    from sync.reading import touched

    mirror.path(portfolio_id).parent.mkdir(parents=True, exist_ok=True)
    connection = Portfolio.objects.get(pk=portfolio_id).name
    values = {"accounts": accounts, "orders": orders, "connection": connection}
    with mirror.writing(portfolio_id) as held:
        for kind in ("account", "order"):
            held.cursor(connection, kind, dict.fromkeys(COLUMNS[kind], ""))
        held.database.execute("SELECT setseed(0.5)")
        held.database.execute(ACCOUNTS.format(**values))
        held.database.execute(ORDERS.format(**values))
        touched.forget(held.database, touched.read(held.database).upto)
    mirror.publish(portfolio_id)


@contextmanager
def timed(rows: dict[str, Any], name: str) -> Iterator[None]:
    """Seconds, and CPU seconds of this process: on a busy machine the latter say more."""
    started, used = time.monotonic(), time.process_time()
    yield
    rows[name] = round(time.monotonic() - started, 2)
    rows[f"{name}_cpu"] = round(time.process_time() - used, 2)


def started() -> None:
    """Django, on state of its own in the folder of this bench."""
    import django

    django.setup()
    if sys.argv[1:] == ["help"]:
        help_out()
        return
    given = [int(value.replace("_", "")) for value in sys.argv[1:]]
    main(*(given or [1_000_000, 10_000_000]))


if __name__ == "__main__":
    if sys.argv[1:] == ["help"]:
        started()
    else:
        with tempfile.TemporaryDirectory(prefix="tierline-scores-") as folder:
            os.environ["TIERLINE_HOME"] = folder
            os.environ.pop("DATABASE_URL", None)
            started()
