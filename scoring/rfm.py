"""Recency, frequency, monetary: each 1-5 by quintile (5 best), added, and the sum cut into five again.

Source: Wei, Lin & Wu (2010), as DOMAIN.md tells it. Recency is days since the last transaction ever, frequency and
monetary are transactions and revenue in the window. The population is customers that have ever bought.

Tie rule: a score is 1 plus the number of thresholds below the value, and the thresholds are observed values (the
20th, 40th, 60th and 80th percentile by inverted distribution function). So equal values always get equal scores, and
a value that equals a threshold belongs to the lower group.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from scoring import ranks

Thresholds = tuple[int, ...]
_QUINTILES = (0.2, 0.4, 0.6, 0.8)


@dataclass(frozen=True)
class Rfm:
    """Fitted quintile limits.

    Attributes:
        recency: limits of minus the days since the last transaction, so that greater is better as elsewhere.
        frequency: limits of transactions in the window.
        monetary: limits of revenue in the window, in 1/10,000 of the currency.
        total: limits of the three scores' sum (3-15).
    """

    recency: Thresholds = ()
    frequency: Thresholds = ()
    monetary: Thresholds = ()
    total: Thresholds = ()


def fit(features: pd.DataFrame, as_of: date) -> Rfm:
    """Limits from the customers in `features` that have ever bought; no limits when there are none."""
    bought = features[_has_bought(features)]
    if bought.empty:
        return Rfm()
    values = _inputs(bought, as_of)
    recency, frequency, monetary = (_limits(value) for value in values)
    scores = [_score(value, limit) for value, limit in zip(values, (recency, frequency, monetary), strict=True)]
    return Rfm(recency, frequency, monetary, total=_limits(np.sum(scores, axis=0)))


def score(features: pd.DataFrame, rfm: Rfm, as_of: date) -> pd.DataFrame:
    """Columns recency, frequency, monetary, rfm: 1-5 (Int64), NA for accounts that never bought."""
    bought = _has_bought(features)
    columns = {}
    total = np.zeros(int(bought.sum()), dtype=np.int64)
    inputs = _inputs(features[bought], as_of)
    limits = {"recency": rfm.recency, "frequency": rfm.frequency, "monetary": rfm.monetary}
    for (name, limit), values in zip(limits.items(), inputs, strict=True):
        columns[name] = _score(values, limit)
        total += columns[name]
    columns["rfm"] = _score(total, rfm.total)
    return pd.DataFrame({name: _spread(values, bought) for name, values in columns.items()})


def _has_bought(features: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return features["transactions_ever"].to_numpy() > 0


def _inputs(bought: pd.DataFrame, as_of: date) -> tuple[npt.NDArray[np.int64], ...]:
    last = pd.to_datetime(bought["last_transaction_on"]).to_numpy().astype("datetime64[D]")
    days = (np.datetime64(as_of) - last).astype(np.int64)
    return -days, bought["transactions"].to_numpy(np.int64), bought["revenue"].to_numpy(np.int64)


def _limits(values: npt.NDArray[np.int64]) -> Thresholds:
    return tuple(ranks.quantiles(values, _QUINTILES).tolist())


def _score(values: npt.NDArray[np.int64], limits: Thresholds) -> npt.NDArray[np.int64]:
    return 1 + np.searchsorted(np.array(limits, dtype=np.int64), values, side="left").astype(np.int64)


def _spread(values: npt.NDArray[np.int64], bought: npt.NDArray[np.bool_]) -> pd.arrays.IntegerArray:
    """The values at the accounts that bought, NA elsewhere."""
    full = np.zeros(len(bought), dtype=np.int64)
    full[bought] = values
    return pd.arrays.IntegerArray(full, ~bought)
