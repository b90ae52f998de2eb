"""What is wrong with files that cannot be loaded."""

from __future__ import annotations


class LoadError(Exception):
    """Files could not be loaded. The CRM is as it was before.

    Attributes:
        message: one sentence: where (file, line) and what is wrong.
        next_step: one sentence: what to do.
    """

    def __init__(self, message: str, next_step: str) -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
