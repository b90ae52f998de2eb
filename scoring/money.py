"""How money is held inside scoring."""

from __future__ import annotations

#: Money is held as integers in units of 1/SCALE of the currency: exact, and sums do not depend on row order.
SCALE = 10_000
