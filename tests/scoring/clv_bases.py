"""Purchase histories for tests and benches of customer lifetime value: simulated bases and the CDNOW sample."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd

from scoring.ranks import Floats

Base = Callable[[int], pd.DataFrame]
#: A B2B base in days: three years, eleven orders per customer, few leave after any one order.
B2B = {"r": 1.1, "alpha": 35.0, "a": 0.9, "b": 14.0}
#: The CDNOW customers in weeks (Fader, Hardie & Lee 2005, table 1).
CDNOW = {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426}


def b2b(customers: int, seed: int = 1) -> pd.DataFrame:
    """Columns frequency, recency, T in whole days; customers were won over three years."""
    rng = np.random.default_rng(seed)
    observed = rng.integers(30, 1096, customers).astype(np.float64)
    frame = simulated(observed, **B2B, seed=seed)
    bought = frame["frequency"] > 0
    frame["recency"] = np.where(bought, np.clip(np.round(frame["recency"]), 1, observed), 0.0)
    return frame


def cdnow_like(customers: int, seed: int = 1) -> pd.DataFrame:
    """Columns frequency, recency, T in weeks by days; customers were won in twelve weeks, 27 weeks before the end."""
    rng = np.random.default_rng(seed)
    days = rng.integers(27 * 7, 39 * 7, customers).astype(np.float64)
    frame = simulated(days / 7, **CDNOW, seed=seed)
    bought = frame["frequency"] > 0
    frame["recency"] = np.where(bought, np.clip(np.round(7 * frame["recency"]), 1, days), 0.0) / 7
    return frame


def any_time(customers: int, seed: int = 1) -> pd.DataFrame:
    """Columns frequency, recency, T, where no two customers share a time."""
    return simulated(np.random.default_rng(seed).uniform(100, 1000, customers), **B2B, seed=seed)


def simulated(observed: Floats, r: float, alpha: float, a: float, b: float, seed: int) -> pd.DataFrame:
    """One history per length of observation, drawn from the BG/NBD model itself."""
    rng = np.random.default_rng(seed)
    size = len(observed)
    rate = np.maximum(rng.gamma(r, 1 / alpha, size), 1e-300)
    last_ever = rng.geometric(np.maximum(rng.beta(a, b, size), 1e-9)).astype(np.float64)
    leaves_at = rng.gamma(last_ever) / rate
    # Given when the last purchase ever falls, those before it are spread evenly.
    seen = rng.binomial((last_ever - 1).astype(np.int64), np.minimum(observed / leaves_at, 1.0))
    latest = observed * rng.random(size) ** (1 / np.maximum(seen, 1))
    gone = leaves_at <= observed
    frequency = np.where(gone, last_ever, seen)
    recency = np.where(gone, leaves_at, np.where(seen > 0, latest, 0.0))
    return pd.DataFrame({"frequency": frequency.astype(np.int64), "recency": recency, "T": observed})


def dataset(name: str) -> Path:
    """A file of the installed lifetimes package, which is not imported."""
    spec = find_spec("lifetimes")
    assert spec is not None
    assert spec.submodule_search_locations is not None
    return Path(spec.submodule_search_locations[0]) / "datasets" / name


def cdnow() -> pd.DataFrame:
    """The 2,357 customers of the CDNOW sample: histories to week 39 in weeks, and monetary per repeat purchase."""
    frame = pd.read_csv(dataset("cdnow_customers_summary_with_transactions.csv"))
    return frame.rename(columns={"x": "frequency", "t_x": "recency", "zbar": "monetary"}).set_index("ID")


def cdnow_purchases() -> pd.DataFrame:
    """Days with a purchase of the CDNOW sample, weeks 1 to 78: columns customer, day (1 is 1 January 1997)."""
    columns = ["master", "customer", "date", "cds", "value"]
    lines = pd.read_csv(dataset("CDNOW_sample.txt"), sep=r"\s+", names=columns, dtype={"date": str})
    lines["day"] = (pd.to_datetime(lines["date"]) - pd.Timestamp("1996-12-31")).dt.days
    return lines[["customer", "day"]].drop_duplicates()
