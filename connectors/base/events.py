"""Capability: a CRM that tells what changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True)
class ChangeEvent:
    """Records of one kind changed. What changed is not said: it is read from the CRM when its turn comes.

    A gap event stands for changes whose details the CRM could not keep; it is no different here.
    """

    kind: str
    record_ids: tuple[str, ...]
    gap: bool = False


@dataclass(frozen=True)
class Events:
    """What happened after a position.

    Attributes:
        position: where the next question starts; opaque.
        lost: the CRM no longer has everything after the position that was asked for (it keeps events some days).
    """

    events: tuple[ChangeEvent, ...]
    position: str
    lost: bool = False


@runtime_checkable
class EventSource(Protocol):
    """What a client of a CRM's change events offers; `sync.reading.events.take` takes them up.

    No connector has one yet: that of Salesforce is a client of the Pub/Sub API, and HubSpot calls us instead
    (`sync.reading.webhooks`). Without it changes are found by time stamp, a micro-batch later.
    """

    def events(self, after: str) -> Events:
        """Everything that happened after this position, "" for from now on."""
