"""Customer lifetime value: what customers are expected to buy, and what that is worth today.

`BetaGeo` expects purchases, `GammaGamma` what one is worth, `lifetime_value` puts the two together or takes the plain
formula of margin and retention. Everything is arrays and frames; nothing is read or written.
"""

from __future__ import annotations

from scoring.clv.beta_geo import BetaGeo
from scoring.clv.errors import NotConverged, NotFitted, UnusableHistory

__all__ = ["BetaGeo", "NotConverged", "NotFitted", "UnusableHistory"]
