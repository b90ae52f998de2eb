"""How many purchases a BG/NBD customer makes in a time to come before it leaves, for any parameters and times.

With its rate spread by a gamma distribution of shape s and rate c, its probability p to leave by a beta one (a, b), and
u = t / c, the expectation over both of (1 - exp(-rate p t)) / p is

    (a+b-1) / (a-1) x (1 - S),   S = (1-z)^s 2F1(s, b; a+b-1; z),   z = u / (1+u)

which is the numerator of equation 10 of Fader, Hardie & Lee (2005), and all of equation 9. For a > 1, S is the mean of
(1 + u p)^-s over a beta distribution (a-1, b).
"""

from __future__ import annotations

import numpy as np

from scoring.clv.special import beta_quantile, hypergeometric
from scoring.ranks import Floats

#: Where a is 1 both factors of the product vanish or grow: nearer than this it is taken from both sides.
_GAP = 1e-4
#: Nearest that a+b-1 comes to 0, where the hypergeometric function has a pole and the product none.
_POLE = 1e-8
#: Share by which s is changed where scipy's function fails at whole numbers.
_ASIDE = 1e-9
_NODES = 64


def before_leaving(s: Floats, a: float, b: Floats, u: Floats) -> Floats:
    """The expectation, for arrays that broadcast; positive s, a and b, and u from 0.

    Raises:
        ArithmeticError: it cannot be had in floating point for these parameters.
    """
    if abs(a - 1) >= _GAP:
        return _away_from_one(s, a, b, u)
    below, above = _away_from_one(s, 1 - _GAP, b, u), _away_from_one(s, 1 + _GAP, b, u)
    share = (a - 1 + _GAP) / (2 * _GAP)
    return (1 - share) * below + share * above


def _away_from_one(s: Floats, a: float, b: Floats, u: Floats) -> Floats:
    s, b, u = np.broadcast_arrays(s, b, u)
    c = a + b - 1
    c = np.where(np.abs(c) > _POLE, c, _POLE)
    staying = _by_series(s, a, b, c, u)
    missing = ~np.isfinite(staying)
    if missing.any():
        staying[missing] = _by_series(s[missing] * (1 + _ASIDE), a, b[missing], c[missing], u[missing])
        missing = ~np.isfinite(staying)
    if missing.any():
        if a < 1:
            raise ArithmeticError(f"No expected purchases with a = {a:g} for {int(missing.sum()):,} customers.")
        staying[missing] = _by_quantiles(s[missing], a, b[missing], u[missing])
    return np.asarray(np.maximum(c / (a - 1) * (1 - staying), 0), dtype=np.float64)


def _by_series(s: Floats, a: float, b: Floats, c: Floats, u: Floats) -> Floats:
    """S by the one of the function's two forms, by Euler's transformation, that has a limit at z = 1.

    It neither overflows for large frequencies nor for long times. It is not finite for z above .9 where s - a is a
    whole number, and where its terms cancel out; the latter needs a and s in the hundreds, and S is next to nothing.
    """
    z = u / (1 + u)
    direct = a - 1 > s
    first = np.where(direct, s, a - 1)
    second = np.where(direct, b, a + b - 1 - s)
    with np.errstate(invalid="ignore", over="ignore"):
        return np.asarray((1 - z) ** first * hypergeometric(first, second, c, z), dtype=np.float64)


def _by_quantiles(s: Floats, a: float, b: Floats, u: Floats) -> Floats:
    """S as a mean over quantiles, good to 1e-6, for a > 1."""
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    p = beta_quantile(a - 1, b[:, None], (nodes + 1) / 2)
    return np.asarray(np.exp(-s[:, None] * np.log1p(u[:, None] * p)) @ (weights / 2), dtype=np.float64)
