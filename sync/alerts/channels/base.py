"""What a channel is: it carries one message about one alert to one person."""

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
class Message:
    """An alert, ready to be sent.

    `key` is the same at every attempt: a retry is recognised by it. `items` are the first few of `total`.
    `first_attempt`: nothing can have been delivered yet.
    """

    key: str
    person_name: str
    person_email: str
    person_record_id: str
    subject: str
    because: str
    items: Sequence[Item]
    total: int
    due_on: date
    url: str
    first_attempt: bool = False


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> str:
        """Deliver; returns a reference to find it by. Raises DeliveryError."""
