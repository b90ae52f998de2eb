"""What a caller of a connector must do when a call fails.

Two families: `Fatal` stops the run and asks a person; `Retryable` is tried again after a pause. A row that
the CRM refuses is neither: it comes back as data, in a `WriteResult`.
"""

from __future__ import annotations


class ConnectorError(Exception):
    """A call to a CRM or a file source failed.

    Attributes:
        message: one sentence about what happened, in an administrator's words.
        next_step: one sentence about what to do.
        code: the CRM's own code where it gave one, for the folded details.
        source: name of the connection it is about, where the caller has said so.
    """

    source = ""

    def __init__(self, message: str, *, next_step: str, code: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.code = code


class Fatal(ConnectorError):
    """Trying again will not help: a person has to act."""


class AuthRevoked(Fatal):
    """The CRM refuses our credentials, also after one refresh."""


class MissingScope(Fatal):
    """We are known but not allowed to do this."""


class SchemaMismatch(Fatal):
    """The org lacks an object or a field, or it has another type than the caller relies on."""


class BadInput(Fatal):
    """A file or a setting cannot be used as it is; nothing was read from it."""


class Retryable(ConnectorError):
    """The same call may succeed later.

    Attributes:
        after: seconds the other side asked us to wait, or None.
    """

    def __init__(self, message: str, *, next_step: str, code: str = "", after: float | None = None) -> None:
        super().__init__(message, next_step=next_step, code=code)
        self.after = after


class RateLimited(Retryable):
    """The API budget is used up for now."""


class Unavailable(Retryable):
    """No answer, or an answer of the 5xx family."""


class Locked(Retryable):
    """Another process holds the lock on what we wanted to change."""
