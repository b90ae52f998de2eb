"""Maximum likelihood of a few positive parameters: a trust region to come near, Newton steps to arrive, or a refusal.

The search runs over the logarithms of the parameters, so it needs no bounds to stay positive. Limits say where a
parameter has left every sensible range: there the likelihood rises towards a simpler model, and has no maximum.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from scoring.clv.distinct import Distinct
from scoring.clv.errors import NotConverged
from scoring.ranks import Floats

#: Squared Newton decrement, per customer, below which a point is the maximum. Its distance from the true one is then
#: 1e-7 of the standard error that a single customer would leave.
ARRIVED = 1e-14
#: Smallest ratio of curvatures that counts as a maximum in every direction.
FLAT = 1e-10
#: Customers in the sample; it is taken where there are several times as many different rows.
SAMPLE = 20_000
_SAMPLED = 4
_NEAR = 1e-6
_TRUST_STEPS = 200
_LONGEST_STEP = 2.0
_NEWTON_STEPS = 50


@dataclass(frozen=True)
class Evaluation:
    """A log-likelihood at a point.

    Attributes:
        value: the sum over all customers.
        gradient: its first derivatives by the parameters, one per parameter.
        hessian: its second derivatives, square.
    """

    value: float
    gradient: Floats
    hessian: Floats


Likelihood = Callable[[Floats], Evaluation]


@dataclass(frozen=True)
class Parameter:
    """What is searched for.

    Attributes:
        low, high: limits that the maximum has to lie between.
        at_low, at_high: what it means for the customers when the search leaves there.
    """

    name: str
    start: float
    low: float
    high: float
    at_low: str
    at_high: str


@dataclass(frozen=True)
class Maximum:
    parameters: tuple[float, ...]
    log_likelihood: float


def maximise(
    model: str, likelihood_of: Callable[[Distinct], Likelihood], rows: Distinct, parameters: Sequence[Parameter]
) -> Maximum:
    """The maximum of the likelihood over all rows.

    A sample brings the search near, so that all rows are gone through three or four times.

    Raises:
        NotConverged: a parameter leaves its limits, the likelihood is not finite or not curved like a maximum, or the
            steps do not get shorter.
    """
    search = _Search(model, parameters)
    likelihood, customers = likelihood_of(rows), float(rows.customers.sum())
    if len(rows.customers) > _SAMPLED * SAMPLE:
        point = search.near(likelihood_of(rows.sample(SAMPLE)), SAMPLE)
        if not search.beyond(point):
            return search.arrive(likelihood, customers, point)
    return search.arrive(likelihood, customers, search.near(likelihood, customers))


class _Search:
    """The way to a maximum over the logarithms of the parameters."""

    def __init__(self, model: str, parameters: Sequence[Parameter]) -> None:
        self._model = model
        self._parameters = parameters

    def near(self, likelihood: Likelihood, customers: float) -> Floats:
        """A point close to the maximum, or where the search left the limits."""
        seen: dict[bytes, Evaluation] = {}

        def at(point: Floats) -> Evaluation:
            key = point.tobytes()
            if key not in seen:
                seen.clear()
                seen[key] = _per_customer(likelihood, point, customers)
            return seen[key]

        def stop_outside(point: Floats) -> None:
            if self.beyond(point):
                raise StopIteration

        found = minimize(
            lambda point: -at(point).value,
            np.log([parameter.start for parameter in self._parameters]),
            jac=lambda point: -at(point).gradient,
            hess=lambda point: -at(point).hessian,
            method="trust-exact",
            callback=stop_outside,
            options={"gtol": _NEAR, "max_trust_radius": _LONGEST_STEP, "maxiter": _TRUST_STEPS},
        )
        return np.asarray(found.x, dtype=np.float64)

    def arrive(self, likelihood: Likelihood, customers: float, point: Floats) -> Maximum:
        """The maximum, by Newton steps from a point close to it."""
        for _ in range(_NEWTON_STEPS):
            if left := self.beyond(point):
                raise NotConverged(self._model, left)
            here = _per_customer(likelihood, point, customers)
            step = self._step(here)
            if float(step @ here.gradient) <= ARRIVED:
                return Maximum(tuple(np.exp(point).tolist()), here.value * customers)
            point = point + step * min(1.0, _LONGEST_STEP / float(np.abs(step).max()))
        raise NotConverged(self._model, f"no maximum was reached in {_NEWTON_STEPS} steps")

    def beyond(self, point: Floats) -> str:
        """Which parameter has left its limits, in words; "" if none."""
        for value, parameter in zip(np.exp(point).tolist(), self._parameters, strict=True):
            if not value >= parameter.low:
                return f"{parameter.name} falls below {parameter.low:.3g}, as if {parameter.at_low}"
            if not value <= parameter.high:
                return f"{parameter.name} rises above {parameter.high:.3g}, as if {parameter.at_high}"
        return ""

    def _step(self, here: Evaluation) -> Floats:
        if not (np.isfinite(here.value) and np.isfinite(here.gradient).all() and np.isfinite(here.hessian).all()):
            raise NotConverged(self._model, "the likelihood is not finite")
        curvature = np.linalg.eigvalsh(-here.hessian)
        if curvature[0] <= FLAT * curvature[-1]:
            raise NotConverged(self._model, "the likelihood is flat, other parameters explain the histories as well")
        return np.asarray(np.linalg.solve(-here.hessian, here.gradient), dtype=np.float64)


def total(parts: Sequence[Evaluation]) -> Evaluation:
    return Evaluation(
        float(np.sum([part.value for part in parts])),
        np.sum([part.gradient for part in parts], axis=0),
        np.sum([part.hessian for part in parts], axis=0),
    )


def dot(left: Floats, right: Floats) -> float:
    """The sum of products by one thread in one order, which BLAS does not promise."""
    return float(np.einsum("i,i->", left, right))


def _per_customer(likelihood: Likelihood, point: Floats, customers: float) -> Evaluation:
    """The mean evaluation, by the logarithms of the parameters."""
    values = np.exp(point)
    of_all = likelihood(values)
    gradient = values * of_all.gradient / customers
    hessian = np.outer(values, values) * of_all.hessian / customers + np.diag(gradient)
    return Evaluation(of_all.value / customers, gradient, hessian)
