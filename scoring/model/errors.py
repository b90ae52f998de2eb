"""What is wrong with a model file, in words an administrator can act on: file, line, key, problem, what is allowed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing to correct.

    Attributes:
        line: 1-based line in the file, 0 when the problem has no place in it.
        key: where in the model, e.g. "segments[1].sub_segments[0].key"; "" for the file as a whole.
        allowed: what would be right; "" where the message says it already.
    """

    file: str
    line: int
    key: str
    message: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        subject = f"{self.key}: {self.message}" if self.key else self.message
        return f"{place}: {subject}" + (f" Allowed: {self.allowed}." if self.allowed else "")


class ModelError(Exception):
    """A model file cannot be used; nothing of it was taken over.

    Attributes:
        problems: all that was found, in the order of the file.
    """

    next_step = "Correct the file and check it: tierline model check FILE"

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    @property
    def message(self) -> str:
        return str(self)
