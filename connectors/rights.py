"""What people may change in the CRM by themselves: asked before we change it for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Rights:
    """What one user may change, of what was asked about.

    Attributes:
        is_active: whether the user can log in; False also for one who is not there.
        on_kind: whether records of this kind may be changed at all.
        fields: API names of the fields that may be changed.
        records: ids of the records that may be changed.
        grant: what an administrator of this CRM gives somebody who lacks a right, in its own terms.
    """

    is_active: bool
    on_kind: bool
    fields: frozenset[str]
    records: frozenset[str]
    grant: str


@runtime_checkable
class TellsRights(Protocol):
    """Capability: the CRM says what one of its users may change at this moment."""

    def rights(self, user_id: str, kind: str, record_ids: Sequence[str], fields: Collection[str]) -> Rights:
        """What this user may change of these fields and records, any number of them."""
