"""Who set a value last: asked of the CRM where people have to agree on one, or are answered to what they wrote."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class Edit:
    """The last edit as far as the CRM can say.

    Attributes:
        who: name of the person or app, "" where it does not say. ours: it was our own user or app.
        user: record id of the person, if that is a user who is active; "" for a program.
        of_field: it was of this very field; else of the record, whatever was changed.
    """

    who: str
    at: datetime | None
    ours: bool
    of_field: bool
    user: str = ""


@runtime_checkable
class TellsEdits(Protocol):
    """Capability: the CRM says who changed records last, or even fields."""

    def last_edits(self, kind: str, asked: Mapping[str, Collection[str]]) -> Mapping[tuple[str, str], Edit]:
        """The last edit by record id and API name, of these fields per record; absent for records that are gone."""
