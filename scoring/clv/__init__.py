"""Customer lifetime value: what customers are expected to buy, and what that is worth today.

`BetaGeo` expects purchases, `GammaGamma` what one is worth, `discounted_value` multiplies and discounts the two, and
`retained_margin` is the plain formula of margin and retention. Everything is arrays and frames; nothing is read or
written.
"""

from __future__ import annotations

from scoring.clv.beta_geo import BetaGeo
from scoring.clv.errors import NotConverged, NotFitted, UnusableHistory
from scoring.clv.gamma_gamma import GammaGamma
from scoring.clv.lifetime_value import (
    YEAR,
    customer_equity,
    discounted_purchases,
    discounted_value,
    retained_margin,
)

__all__ = [
    "YEAR",
    "BetaGeo",
    "GammaGamma",
    "NotConverged",
    "NotFitted",
    "UnusableHistory",
    "customer_equity",
    "discounted_purchases",
    "discounted_value",
    "retained_margin",
]
