"""To-dos for people in a CRM, and the capability to change them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class TaskSpec:
    """A to-do for a person in the CRM. `key` finds it again after an unknown outcome.

    With `first_attempt` the caller vouches that it never tried before, which spares looking for it.
    """

    key: str
    owner_id: str
    subject: str
    body: str
    due_on: date
    record_id: str = ""
    first_attempt: bool = False


@runtime_checkable
class ChangesTasks(Protocol):
    """Capability: a to-do of ours can be changed after it was made."""

    def change_task(self, task_id: str, task: TaskSpec, *, done: bool = False) -> bool:
        """Give it this subject, body and date, and complete it when `done`.

        False when it is completed or deleted already: then it stays as it is.
        """
