"""The people of a portal: users, and the owners that records name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.portal.records import Records

#: Users get numbers from here on, owners from there on: an owner's id is never that of his user.
_FIRST_USER, _FIRST_OWNER = 60_000_000, 7_000_000


@dataclass(frozen=True)
class Owner:
    """A user whom records can belong to. `archived` is 0 while the user is active."""

    id: int
    user_id: int
    email: str
    first_name: str
    last_name: str
    created: int
    updated: int
    archived: int = 0

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or self.email


class Owners:
    """All owners, in the order they came."""

    def __init__(self, records: Records, now: Callable[[], int]) -> None:
        self._records = records
        self._now = now

    def add(self, email: str, first_name: str, last_name: str, *, active: bool = True) -> Owner:
        """A new user and owner."""
        now = self._now()
        with self._records.writing() as connection:
            number = self._records.take_numbers("owner")
            owner = Owner(
                _FIRST_OWNER + 37 * number, _FIRST_USER + number, email, first_name, last_name, now, now,
                0 if active else now,
            )  # fmt: skip
            connection.execute(
                "INSERT INTO owners VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    owner.id, owner.user_id, email, first_name, last_name, owner.created, owner.updated, owner.archived,
                ),
            )  # fmt: skip
        return owner

    def deactivate(self, owner_id: int) -> None:
        """The user has left: the owner is archived and stays on the records."""
        with self._records.writing() as connection:
            connection.execute(
                "UPDATE owners SET archived = ?, updated = ? WHERE id = ?", (self._now(), self._now(), owner_id)
            )

    def all(self, *, archived: bool = False) -> list[Owner]:
        return self._where("archived > 0" if archived else "archived = 0")

    def get(self, owner_id: int, *, archived: bool = False) -> Owner | None:
        return next(iter(self._where(f"id = ? AND archived {'>' if archived else '='} 0", owner_id)), None)

    def by_user(self, user_id: int) -> Owner | None:
        return next(iter(self._where("user_id = ?", user_id)), None)

    def by_email(self, email: str) -> Owner | None:
        return next(iter(self._where("lower(email) = ?", email.lower())), None)

    def ids(self) -> set[str]:
        """Of those whom records can be given to, as text."""
        return {str(each.id) for each in self.all()}

    def _where(self, test: str, *values: Any) -> list[Owner]:
        rows = self._records.reader().execute(f"SELECT * FROM owners WHERE {test} ORDER BY id", values)
        return [Owner(*row) for row in rows]
