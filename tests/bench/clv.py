"""What a fit of BG/NBD costs: ours beside `lifetimes`, on one million customers of three kinds.

    python -m tests.bench.clv [--customers 20000]

Compared are CPU seconds, the median of three fits in a process of their own with BLAS kept to one thread, and the
log-likelihood that was reached. The fit of `lifetimes` works out standard errors too, which ours does not give: its
speed is told with them, as its users wait for it, and without, which is what the promise is held to. Ours gains most
where customers share a history, as in whole days; `any-time` is a base where none do, of which nothing is promised.
Memory is read as Linux and glibc tell it. It ends with exit code 1 if a figure misses what is promised for a million.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from tests.scoring import clv_bases

#: Frame -> parameters, log-likelihood, and the CPU seconds of it that went into standard errors.
Fitting = Callable[[pd.DataFrame], tuple[list[float], float, float]]
BASES: Mapping[str, clv_bases.Base] = {
    "b2b": clv_bases.b2b,
    "cdnow-like": clv_bases.cdnow_like,
    "any-time": clv_bases.any_time,
}
#: How many times the speed of lifetimes is promised, at a million customers.
PROMISED = {"b2b": 20.0, "cdnow-like": 50.0}
MILLION = 1_000_000
SAME = 1e-6
FITS = 3
RESULTS = Path("bench-results")


@dataclass(frozen=True)
class Fit:
    """Medians of the fits. Memory is what the first needed at its peak, in MB, beyond the frame and the imports."""

    cpu_seconds: float
    of_it_errors: float
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
    speed_ratio_without_errors: float
    log_likelihood_difference: float
    load_before: float
    load_after: float

    @property
    def kept(self) -> bool:
        """Whether it is as promised, by like for like: without their standard errors. Of small bases no speed is."""
        fast = self.customers < MILLION or self.speed_ratio_without_errors >= PROMISED.get(self.base, 0.0)
        return fast and self.log_likelihood_difference <= SAME


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--customers", type=int, default=MILLION)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part:
        base, who = options.part
        sys.stdout.write(json.dumps(asdict(measured(base, who, options.customers))) + "\n")
        return
    rows = [compared(base, options.customers) for base in BASES]
    sys.stdout.write(table(rows))
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"clv-{datetime.now(UTC):%Y%m%dT%H%M%S}.json"
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    sys.stdout.write(f"kept in {path}\n")
    raise SystemExit(0 if all(row.kept for row in rows) else 1)


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
        speed_ratio_without_errors=round((theirs.cpu_seconds - theirs.of_it_errors) / ours.cpu_seconds, 1),
        log_likelihood_difference=abs(ours.log_likelihood / theirs.log_likelihood - 1),
        load_before=round(load, 2),
        load_after=round(os.getloadavg()[0], 2),
    )


def measured(base: str, who: str, customers: int) -> Fit:
    """The fits in this process."""
    frame = BASES[base](customers)
    fit = {"ours": _ours, "lifetimes": _lifetimes}[who]()
    # What making the frame has left behind goes back to the system, and the peak is counted from here.
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before, seconds, errors, added = _megabytes("VmRSS"), [], [], 0.0
    for number in range(FITS):
        started = time.process_time()
        parameters, log_likelihood, of_it = fit(frame)
        seconds.append(time.process_time() - started)
        errors.append(of_it)
        if number == 0:
            added = _megabytes("VmHWM") - before
    spent, of_errors = (round(statistics.median(each), 3) for each in (seconds, errors))
    return Fit(spent, of_errors, log_likelihood, parameters, round(added))


def _ours() -> Fitting:
    from scoring.clv import BetaGeo

    def fit(frame: pd.DataFrame) -> tuple[list[float], float, float]:
        model = BetaGeo().fit(frame)
        return [model.r_, model.alpha_, model.a_, model.b_], model.log_likelihood_, 0.0

    return fit


def _lifetimes() -> Fitting:
    warnings.simplefilter("ignore")
    from lifetimes import BetaGeoFitter, fitters

    hessian, spent = fitters.hessian, [0.0]

    def timed(function: Any) -> Any:
        """Their second derivatives, which the standard errors are made of, with the time they take."""

        def derivatives(*given: Any) -> Any:
            started = time.process_time()
            found = hessian(function)(*given)
            spent[0] = time.process_time() - started
            return found

        return derivatives

    fitters.hessian = timed

    def fit(frame: pd.DataFrame) -> tuple[list[float], float, float]:
        model = BetaGeoFitter().fit(frame["frequency"], frame["recency"], frame["T"])
        # Theirs is a mean, in a unit of time in which the longest T is 1.
        scale = float(frame["frequency"].sum()) * math.log(model._scale)
        return model.params_.tolist(), -float(model._negative_log_likelihood_) * len(frame) + scale, spent[0]

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
        promised = f"{PROMISED[row.base]:g} promised for a million" if row.base in PROMISED else "nothing promised"
        for told in (
            f"{row.speed_ratio_without_errors:g} times the speed ({promised}), {row.speed_ratio:g} with their standard "
            f"errors ({row.lifetimes.of_it_errors:.3f} s)",
            f"log-likelihood differs by {row.log_likelihood_difference:.1e} of it; load of the machine "
            f"{row.load_before:g} before, {row.load_after:g} after",
        ):
            lines.append(f"{'':36}{told}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
