"""Strategic fit: a rating from 1 to 5 that people give, never free text alone."""

from __future__ import annotations

import numpy as np

from scoring.value.figure import Base, Figure


def fit(base: Base) -> Figure:
    """0, 25, 50, 75 or 100 points for 1 to 5; unknown where nobody rated, or rated more than the model's months ago."""
    source = base.model.value.fit
    if source is None:
        return Figure(np.zeros(len(base.frame), dtype=np.int64), np.zeros(len(base.frame), dtype=bool), ranked=False)
    rated = base.rating(source.rating)
    if source.rated_on is not None:
        rated = np.where(base.is_recent(source.rated_on, source.valid_months), rated, np.nan)
    return Figure(np.round(1000 * np.nan_to_num(rated)).astype(np.int64), ~np.isnan(rated), ranked=False)
