"""What a channel is: it carries one message to one person or place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol


class DeliveryError(Exception):
    """The message did not go out.

    Attributes:
        permanent: trying this message again will not help.
        broken: the place itself takes no message any more, so that no other one should be tried there either.
        wait: the shortest pause the other side asks for.
    """

    def __init__(self, message: str, *, permanent: bool, broken: bool = False, wait: timedelta = timedelta(0)) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.broken = broken
        self.wait = wait


@dataclass(frozen=True)
class Item:
    """One finding as a person reads it.

    Attributes:
        finding: its id here.
        record_id: the record's id in the CRM.
        answer_url: where the person the message goes to, and nobody else, answers it; "" for nowhere.
    """

    record_name: str
    record_url: str
    message: str
    fix: str
    finding: int = 0
    answer_url: str = ""
    alert_url: str = ""
    record_id: str = ""


@dataclass(frozen=True)
class Listed:
    """One alert of a message: the `items` that matter most of `total`, and why the person gets them.

    Attributes:
        alert: its id here.
        answer_url: where the person the message goes to answers all of them at once; "" for nowhere.
        fresh: how many are new since the person was last told about this alert; 0 when all are.
    """

    title: str
    rule: str
    because: str
    items: Sequence[Item]
    total: int
    due_on: date
    url: str
    alert: int = 0
    answer_url: str = ""
    severity: str = "medium"
    fresh: int = 0

    @property
    def more(self) -> int:
        return self.total - len(self.items)


@dataclass(frozen=True)
class Message:
    """What is to be told, ready to be sent.

    Attributes:
        key: the same at every attempt: a retry is recognised by it.
        cost: what the gap costs, in a sentence; "" where it is not known.
        closed: what was mended since the last message, in a sentence; "" for nothing.
        total: findings in all lists.
        due_on: the earliest date of all lists.
        first_attempt: nothing can have been delivered yet.
        sent_at: the moment of this attempt.
    """

    key: str
    person_name: str
    person_email: str
    person_record_id: str
    subject: str
    lists: Sequence[Listed]
    total: int
    due_on: date
    url: str
    sent_at: datetime
    cost: str = ""
    closed: str = ""
    first_attempt: bool = False


class Channel(Protocol):
    @property
    def name(self) -> str: ...

    def send(self, message: Message) -> str:
        """Deliver; returns a reference to find it by. Raises DeliveryError."""
