"""A portal (HubSpot's word for an account) on this machine: the one entry point that the face and the loader use."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.portal.apps import Apps
from connectors.sandbox.portal.association_types import AssociationTypes
from connectors.sandbox.portal.associations import Associations, Link
from connectors.sandbox.portal.definitions import Definitions
from connectors.sandbox.portal.history import History, Source, person
from connectors.sandbox.portal.limits import Limits
from connectors.sandbox.portal.merging import Merger
from connectors.sandbox.portal.moments import to_ms
from connectors.sandbox.portal.outcomes import Problem
from connectors.sandbox.portal.owners import Owners
from connectors.sandbox.portal.records import Record, Records
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import OBJECT_TYPES
from connectors.sandbox.portal.tallies import Tallies
from connectors.sandbox.portal.webhooks import Webhooks
from connectors.sandbox.portal.writes import Change, Outcome, Writer, Written

FILE = "portal.sqlite3"
_LOAD_CHUNK = 2000


class Portal:
    """Properties, records, associations, owners and apps of one portal, kept in a folder.

    Safe to use from several threads. Use it as a context manager or call `close()`.

    Attributes:
        portal_id: made at random when the portal is created.
        admin: the owner who set the portal up and connects apps.
        definitions: properties, groups and pipelines.
        webhooks: who is told of changes.
        limits: calls that were made, and how many may be.
    """

    def __init__(self, home: Path, name: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.clock = Clock()
        self.records = Records(home / FILE)
        self.definitions = Definitions(self.records, self.now)
        self.owners = Owners(self.records, self.now)
        self.history = History(self.records)
        self.webhooks = Webhooks(self.records, self.now)
        tallies = Tallies(self.records, self.now)
        self.associations = Associations(self.records, AssociationTypes(self.records), tallies)
        self.writer = Writer(self.records, self.definitions, self.owners, self.history, tallies, self._announce)
        self._merger = Merger(self.records, self.definitions, self.writer, self.associations, tallies)
        with self.records.writing():
            if self.records.setting("portal_id") is None:
                self._create(name)
            self.definitions.catch_up()
        self.portal_id: int = self.records.setting("portal_id")
        self.name: str = self.records.setting("name")
        self.admin = self.owners.all()[0]
        self.apps = Apps(self.records, self.clock, self.admin.user_id)
        self.limits = Limits(self.records, self.clock)

    @classmethod
    def open(cls, home: Path, name: str = "Tierline Sandbox") -> Portal:
        """The portal in that folder; created under this name with its standard objects on first use."""
        return cls(home, name)

    def _create(self, name: str) -> None:
        self.records.set_setting("portal_id", 100_000 + secrets.randbelow(49_900_000))
        self.records.set_setting("name", name)
        self.definitions.create_standard()
        self.owners.add("admin@example.com", "Admin", "User")

    def close(self) -> None:
        self.limits.save()
        self.records.close()

    def __enter__(self) -> Portal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def now(self) -> int:
        """Milliseconds since 1970 by the portal's clock."""
        return to_ms(self.clock.now())

    def set_clock(self, now: datetime | None) -> None:
        """Fixes "now" for this process; None goes back to real time."""
        self.clock.fix(now)

    def setting(self, key: str) -> Any:
        """A JSON value kept with the portal, or None. Those the portal itself obeys are listed in the README."""
        return self.records.setting(key)

    def set_setting(self, key: str, value: object) -> None:
        self.records.set_setting(key, value)

    @property
    def currency(self) -> str:
        """The company's currency: of every amount that names none."""
        return str(self.setting("currency") or "EUR")

    @property
    def by_admin(self) -> Source:
        """Changes that the administrator makes in HubSpot's pages."""
        return person(self.admin.user_id)

    # --- records -------------------------------------------------------------------------------

    def create(
        self,
        kind: ObjectType,
        rows: Sequence[Mapping[str, Any]],
        *,
        source: Source | None = None,
    ) -> list[Outcome]:
        """One outcome per row. Without a source the administrator does it."""
        return self.writer.create(kind, rows, self.now(), source or self.by_admin)

    def update(self, kind: ObjectType, changes: Sequence[Change], *, source: Source | None = None) -> list[Outcome]:
        """One outcome per change; properties it does not name stay as they are. Raises Refused."""
        return self.writer.update(kind, changes, self.now(), source or self.by_admin)

    def archive(self, kind: ObjectType, ids: Sequence[str], *, source: Source | None = None) -> None:
        self.writer.archive(kind, ids, self.now(), source or self.by_admin)

    def erase(self, kind: ObjectType, which: Change, *, source: Source | None = None) -> None:
        """Deletes a record for good. One that is not there is no error."""
        self.writer.erase(kind, which, self.now(), source or self.by_admin)

    def bulk_load(self, kind: ObjectType, rows: Iterable[Mapping[str, Any]]) -> list[int]:
        """Creates records in one transaction and returns their ids; raises RowRefused naming the first bad row.

        Rows may set what the portal keeps: dates of creation and modification, inactive owners.
        """
        loaded: list[int] = []
        pending = iter(rows)
        source, at = Source("IMPORT", "load"), self.now()
        with self.records.writing():
            while chunk := list(islice(pending, _LOAD_CHUNK)):
                outcomes = self.writer.create(kind, chunk, at, source, loading=True)
                for row, outcome in enumerate(outcomes, len(loaded)):
                    if not isinstance(outcome, int):
                        raise RowRefused(kind.name, row, outcome)
                loaded += [outcome for outcome in outcomes if isinstance(outcome, int)]
        return loaded

    def link(
        self, source: ObjectType, target: ObjectType, pairs: Iterable[tuple[int, int]], *, primary: bool = False
    ) -> None:
        """Associates records; with `primary` under the label "Primary" where the types have it."""
        types = self.associations.types.between(source, target)
        chosen = next(
            (each for each in types if primary and each.single), self.associations.types.plain(source, target)
        )
        self.associations.add(source, target, (Link(one, two, chosen) for one, two in pairs))

    def read(self, kind: ObjectType, ids: Sequence[int], names: Sequence[str]) -> dict[int, Record]:
        """Records by the id asked for, archived ones too. Of one merged away: the record it is part of now."""
        winners = self.records.winners(kind, ids)
        fetched = self.records.fetch(kind, [winners.get(each, each) for each in ids], names)
        return {each: fetched[winners.get(each, each)] for each in ids if winners.get(each, each) in fetched}

    def merge(self, kind: ObjectType, primary: str, other: str, *, source: Source | None = None) -> int:
        """Makes one new record of two and returns its id; both old ids lead to it. Raises Refused."""
        return self._merger.merge(kind, primary, other, self.now(), source or self.by_admin)

    def _announce(self, kind: ObjectType, what: str, written: Sequence[Written], at: int, source: Source) -> None:
        self.webhooks.tell(kind, what, written, at, source, self.definitions.properties(kind))

    @staticmethod
    def kinds() -> Mapping[str, ObjectType]:
        """The object types by name."""
        return OBJECT_TYPES


class RowRefused(Exception):
    """A row of a load that the portal does not take. `row` counts from 0."""

    def __init__(self, kind: str, row: int, problem: Problem) -> None:
        super().__init__(f"{kind} row {row}: {problem.message}")
        self.row = row
        self.problem = problem
