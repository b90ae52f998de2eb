"""What the contract suite needs of a CRM beside the connector under test: a hand on the other side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from connectors.base import Crm, FieldSpec

Target = Literal["read", "write", "task"]
Break = Literal["drop_before", "drop_after", "busy", "expired", "rate_limit", "garbled"]


class Ground(Protocol):
    """One org that people, other programs and faults can change behind the connector's back.

    Attributes:
        page: records the CRM delivers at a time.
        segment, level, reason, score: the fields we install: a picklist, a picklist that depends on it where the CRM
            knows such, a text that takes `length` characters and no more, and a number.
        note: a text field of the CRM's own that we must never touch.
        user_id: who we are. `colleague_id` can receive tasks too; `inactive_user_id` cannot.
    """

    page: int
    segment: FieldSpec
    level: FieldSpec
    reason: FieldSpec
    score: FieldSpec
    note: str
    user_id: str
    colleague_id: str
    inactive_user_id: str

    def connect(self) -> Crm:
        """A new connection whose credentials can be renewed."""

    def add_accounts(self, names: Sequence[str]) -> list[str]:
        """With the value "theirs" in `note`."""

    def edit(self, record_id: str, values: Mapping[str, Any]) -> None:
        """What a person does in the CRM."""

    def delete(self, record_id: str) -> None: ...

    def values(self, record_id: str) -> Mapping[str, Any]:
        """Values of our fields, of `note` and of "owner" as the CRM holds them."""

    def add_foreign_value(self, spec: FieldSpec, key: str) -> None:
        """An administrator adds a value of the company's own to a picklist of ours."""

    def keys(self, spec: FieldSpec) -> list[str]:
        """Active values of a picklist as the CRM holds them."""

    def assign_on_save(self, user_id: str) -> None:
        """From now on a rule of the org, if it may have such, gives each account that is saved to this user, unless
        told not to."""

    def delete_task(self, task_id: str) -> None:
        """What its owner does."""

    def tasks(self) -> list[Mapping[str, Any]]:
        """All tasks: id, owner_id, subject, body, due_on, record_id."""

    def break_next(self, target: Target, how: Break, *, times: int = 1) -> None: ...

    def heal(self) -> None:
        """Ends all faults."""

    def requests(self, target: Target) -> int:
        """How many requests of this sort reached the CRM since the last `heal`."""
