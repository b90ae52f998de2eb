"""Who gave a field the value it has: asked where somebody is answered to what he wrote into a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable


@runtime_checkable
class TellsAuthors(Protocol):
    """Capability: the CRM remembers, per field, which of its users gave it the present value."""

    def authors(self, kind: str, field: str, record_ids: Sequence[str]) -> Mapping[str, str]:
        """Record id -> record id of the user, for any number of records.

        Without those whose value a program gave, or a user who is active no more. Of an empty field the one who
        emptied it.
        """
