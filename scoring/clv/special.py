"""The special functions of the models, with types: scipy ships none."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from scoring.ranks import Floats


def log_gamma(x: ArrayLike) -> Floats:
    return np.asarray(special.gammaln(x), dtype=np.float64)


def digamma(x: ArrayLike) -> Floats:
    return np.asarray(special.psi(x), dtype=np.float64)


def trigamma(x: ArrayLike) -> Floats:
    """Second derivative of `log_gamma`, as Hurwitz zeta function of 2."""
    return np.asarray(special.zeta(2.0, x), dtype=np.float64)


def logistic(x: ArrayLike) -> Floats:
    return np.asarray(special.expit(x), dtype=np.float64)


def beta_quantile(a: ArrayLike, b: ArrayLike, share: ArrayLike) -> Floats:
    return np.asarray(special.betaincinv(a, b, share), dtype=np.float64)


def hypergeometric(a: ArrayLike, b: ArrayLike, c: ArrayLike, z: ArrayLike) -> Floats:
    """Gauss's 2F1(a, b; c; z)."""
    return np.asarray(special.hyp2f1(a, b, c, z), dtype=np.float64)
