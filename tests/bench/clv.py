"""What a fit of BG/NBD costs: ours beside `lifetimes`, on one million customers of two kinds.

    python -m tests.bench.clv [--customers 20000] [--json FILE]

Compared are CPU seconds of one fit in a fresh process each, from the frame to the parameters, with BLAS kept to one
thread, and the log-likelihood that was reached. Memory is read as Linux and glibc tell it. It ends with exit code 1 if
a figure misses what is promised.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import pandas as pd

from tests.scoring import clv_bases

Fitting = Callable[[pd.DataFrame], tuple[list[float], float]]
BASES: Mapping[str, clv_bases.Base] = {"b2b": clv_bases.b2b, "cdnow-like": clv_bases.cdnow_like}
#: How many times the speed of lifetimes is promised, at a million customers.
PROMISED = {"b2b": 20.0, "cdnow-like": 50.0}
SAME = 1e-6


@dataclass(frozen=True)
class Fit:
    """One fit. Memory is what the fit needed at its peak, in MB, beyond the frame and all that was imported."""

    cpu_seconds: float
    log_likelihood: float
    parameters: list[float]
    added_mb: float


@dataclass(frozen=True)
class Compared:
    base: str
    customers: int
    mean_orders: float
    ours: Fit
    lifetimes: Fit
    speed_ratio: float
    log_likelihood_difference: float
    load_before: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        base, who = options.part
        sys.stdout.write(json.dumps(asdict(measured(base, who, options.customers))) + "\n")
        return
    rows = [compared(base, options.customers) for base in BASES]
    sys.stdout.write(table(rows))
    if options.json:
        options.json.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    kept = [
        row.speed_ratio >= PROMISED[row.base] and row.log_likelihood_difference <= SAME
        for row in rows
        if options.customers >= 1_000_000
    ]
    raise SystemExit(0 if all(kept) else 1)


def compared(base: str, customers: int) -> Compared:
    load = os.getloadavg()[0]
    ours, theirs = (_apart(base, who, customers) for who in ("ours", "lifetimes"))
    return Compared(
        base=base,
        customers=customers,
        mean_orders=round(1 + float(BASES[base](customers)["frequency"].mean()), 1),
        ours=ours,
        lifetimes=theirs,
        speed_ratio=round(theirs.cpu_seconds / ours.cpu_seconds, 1),
        log_likelihood_difference=abs(ours.log_likelihood / theirs.log_likelihood - 1),
        load_before=round(load, 2),
    )


def measured(base: str, who: str, customers: int) -> Fit:
    """One fit in this process."""
    frame = BASES[base](customers)
    fit = {"ours": _ours, "lifetimes": _lifetimes}[who]()
    # What making the frame has left behind goes back to the system, and the peak is counted from here.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, started = _megabytes("VmRSS"), time.process_time()
    parameters, log_likelihood = fit(frame)
    seconds = time.process_time() - started
    return Fit(round(seconds, 3), log_likelihood, parameters, round(_megabytes("VmHWM") - before))


def _ours() -> Fitting:
    from scoring.clv import BetaGeo

    def fit(frame: pd.DataFrame) -> tuple[list[float], float]:
        model = BetaGeo().fit(frame)
        return [model.r_, model.alpha_, model.a_, model.b_], model.log_likelihood_

    return fit


def _lifetimes() -> Fitting:
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter  # type: ignore[import-untyped, unused-ignore]

    def fit(frame: pd.DataFrame) -> tuple[list[float], float]:
        model = BetaGeoFitter().fit(frame["frequency"], frame["recency"], frame["T"])
        # Theirs is a mean, in a unit of time in which the longest T is 1.
        scale = float(frame["frequency"].sum()) * math.log(model._scale)
        return model.params_.tolist(), -float(model._negative_log_likelihood_) * len(frame) + scale

    return fit


def _apart(base: str, who: str, customers: int) -> Fit:
    """Measure in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.clv", "--customers", str(customers), "--part", base, who],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Fit(**json.loads(done.stdout.strip().splitlines()[-1]))


def _megabytes(name: str) -> float:
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(f"{name}:"))


def table(rows: list[Compared]) -> str:
    lines = [f"{'base':12}{'customers':>12}{'orders':>8}{'':4}{'':10}{'CPU s':>9}{'added MB':>10}   log-likelihood"]
    for row in rows:
        start = f"{row.base:12}{row.customers:>12,}{row.mean_orders:>8}"
        for who, fit in (("ours", row.ours), ("lifetimes", row.lifetimes)):
            figures = f"{fit.cpu_seconds:>9.3f}{fit.added_mb:>10,.0f}   {fit.log_likelihood:.4f}"
            lines.append(f"{start if who == 'ours' else '':32}    {who:10}{figures}")
        lines.append(
            f"{'':36}{row.speed_ratio:g} times the speed ({PROMISED[row.base]:g} promised for a million), "
            f"log-likelihood differs by {row.log_likelihood_difference:.1e} of it"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
