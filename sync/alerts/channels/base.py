"""What a channel is: it carries one message to one person, about one alert or about several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol


class DeliveryError(Exception):
    """The message did not go out. `permanent` means that trying again will not help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


@dataclass(frozen=True)
class Item:
    """One finding as a person reads it."""

    record_name: str
    record_url: str
    message: str
    fix: str


@dataclass(frozen=True)
class Part:
    """An alert: what is wrong, why this person, the first few `items` of `total`, and where all of them are."""

    title: str
    because: str
    items: Sequence[Item]
    total: int
    due_on: date
    url: str


@dataclass(frozen=True)
class Message:
    """One alert, or several of one person, ready to be sent.

    `key` is the same at every attempt: a retry is recognised by it. `first_attempt`: nothing can have arrived yet.
    """

    key: str
    person_name: str
    person_email: str
    person_record_id: str
    subject: str
    parts: Sequence[Part]
    url: str
    first_attempt: bool = False

    @property
    def due_on(self) -> date:
        """The earliest date that something is due."""
        return min(part.due_on for part in self.parts)


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> str:
        """Deliver; returns a reference to find it by. Raises DeliveryError."""
