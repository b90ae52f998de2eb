"""Growth: revenue of the window against the window before it."""

from __future__ import annotations

import numpy as np

from scoring.value.figure import Base, Figure


def growth(base: Base) -> Figure:
    """Change of revenue as a share of the mean of both windows, in 1/10,000: -20,000 (all lost) to 20,000 (all new).

    The symmetric rate, because a plain one is without bound for customers that began small. Known of who bought in the
    window before; a new customer has nothing to grow from.
    """
    now, before = base.counts("revenue"), base.counts("revenue_before")
    mean = np.maximum(np.abs(now) + np.abs(before), 1) / 2
    # Divided first: ten thousand times an amount in a currency of small units is more than 64 bits hold.
    return Figure(np.round(10_000 * ((now - before) / mean)).astype(np.int64), before > 0)
