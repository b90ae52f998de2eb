"""`make bench`: what the job costs. Prints a table and keeps it, with the load of the machine, in bench-results/.

Absolute seconds depend on the machine and on what else it does; the ratios within one run are the figures to compare.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

RESULTS = Path("bench-results")


@dataclass
class Measured:
    """One demo run. `seconds` is the job alone; `wall` also fills the org; memory is the peak of the sum of PSS."""

    accounts: int
    seconds: float
    wall: float
    cpu_seconds: float
    api_calls: int
    api_calls_per_1000: float
    peak_pss_mb: float
    records_written: int
    second_run_written: int
    second_run_seconds: float
    second_run_api_calls: int
    load_before: float
    load_after: float


def main(sizes: tuple[int, ...] = (1_000, 10_000)) -> None:
    rows = []
    for accounts in sizes:
        with tempfile.TemporaryDirectory(prefix="tierline-bench-") as home:
            rows.append(measure(accounts, home))
        show(rows[-1])
    ratios = {
        "accounts": rows[-1].accounts / rows[0].accounts,
        "seconds": round(rows[-1].seconds / rows[0].seconds, 2),
        "cpu_seconds": round(rows[-1].cpu_seconds / rows[0].cpu_seconds, 2),
        "api_calls": round(rows[-1].api_calls / rows[0].api_calls, 2),
        "peak_pss_mb": round(rows[-1].peak_pss_mb / rows[0].peak_pss_mb, 2),
    }
    print("ratio largest : smallest  " + "  ".join(f"{name} {value}" for name, value in ratios.items()))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps({"rows": [asdict(row) for row in rows], "ratios": ratios}, indent=1))
    print(f"kept in {path}")


def measure(accounts: int, home: str) -> Measured:
    """Fill an org and do the job, then do it again with nothing changed."""
    load = os.getloadavg()[0]
    started = time.monotonic()
    first, cpu, pss = demo(accounts, home)
    wall = time.monotonic() - started
    second, _, _ = demo(accounts, home)
    return Measured(
        accounts=accounts,
        seconds=first["seconds"],
        wall=round(wall, 1),
        cpu_seconds=round(cpu, 1),
        api_calls=first["api_calls"],
        api_calls_per_1000=round(1000 * first["api_calls"] / accounts, 1),
        peak_pss_mb=round(pss, 0),
        records_written=first["records_written"],
        second_run_written=second["records_written"],
        second_run_seconds=second["seconds"],
        second_run_api_calls=second["api_calls"],
        load_before=round(load, 2),
        load_after=round(os.getloadavg()[0], 2),
    )


def demo(accounts: int, home: str) -> tuple[dict[str, Any], float, float]:
    """One `tierline demo --once`: its figures, CPU seconds of all its processes, peak of their summed PSS in MB."""
    command = [sys.executable, "-m", "admin", "demo", "--once", "--json", "--accounts", str(accounts)]
    popen = psutil.Popen(
        command, env={**os.environ, "TIERLINE_HOME": home}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    cpu: dict[int, float] = {}
    peak = 0.0
    while popen.poll() is None:
        total = 0
        for process in [popen, *popen.children(recursive=True)]:
            try:
                times = process.cpu_times()
                cpu[process.pid] = times.user + times.system
                total += process.memory_full_info().pss
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        peak = max(peak, total / 1e6)
        time.sleep(0.3)
    if popen.returncode:
        raise SystemExit(f"the demo of {accounts} accounts ended with exit code {popen.returncode}")
    figures: dict[str, Any] = json.loads(popen.stdout.read().strip().splitlines()[-1])
    return figures, sum(cpu.values()), peak


def show(row: Measured) -> None:
    print(f"{row.accounts:,} accounts")
    for name, value in asdict(row).items():
        if name != "accounts":
            print(f"  {name:22} {value:>12,}")


if __name__ == "__main__":
    main(tuple(int(size) for size in sys.argv[1:]) or (1_000, 10_000))
