"""Why a lifetime value model gives no answer: unusable histories, no convergence, or no fit yet."""

from __future__ import annotations


class UnusableHistory(ValueError):
    """The purchase histories cannot be what they are said to be; the message says where, and what to do."""


class NotFitted(RuntimeError):
    """A model was asked before it was fitted."""

    def __init__(self, model: str) -> None:
        super().__init__(f"This {model} has no parameters yet: call fit, or give it parameters fitted before.")


class NotConverged(Exception):
    """The likelihood has no usable maximum, so no parameters were set.

    Attributes:
        model: the model in words.
        reason: what the search ran into.
    """

    next_step = (
        "Try a longer window, or a base with more repeat buyers that were won at different times; "
        "where that does not help, use another component of the value score."
    )

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"{model} did not converge: {reason}. {self.next_step}")
