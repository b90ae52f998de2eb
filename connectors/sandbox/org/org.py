"""An org on this machine: the one entry point that the protocol faces and the loader use."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.org import automation, ids, notifications
from connectors.sandbox.org.access import Access
from connectors.sandbox.org.automation import Automations
from connectors.sandbox.org.components import Body, Components
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.first_use import fill_new_org, save_status
from connectors.sandbox.org.formula_columns import FormulaFields, check_field
from connectors.sandbox.org.outcomes import (
    OrgError,
    QueryError,
    QueryResult,
    RowError,
    RowOutcome,
    RowRefused,
    SchemaError,
)
from connectors.sandbox.org.queries import Queries, QueryOptions
from connectors.sandbox.org.record_types import RECORD_TYPE, RecordType, delete_row, store_row
from connectors.sandbox.org.records import Store
from connectors.sandbox.org.removal import Bin
from connectors.sandbox.org.row_locks import RowLocks
from connectors.sandbox.org.rules import PERMISSION, RULE, Rulebook
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, ObjectDef
from connectors.sandbox.org.sessions import Credentials, Sessions
from connectors.sandbox.org.standard import STANDARD
from connectors.sandbox.org.usage import ApiUsage
from connectors.sandbox.org.validation import Rights
from connectors.sandbox.org.writes import WriteOptions, Writer

__all__ = [
    "Org", "OrgError", "QueryError", "QueryResult", "RowError", "RowOutcome", "RowRefused", "SchemaError",
    "WriteOptions",
]  # fmt: skip

FILE = "org.sqlite3"
Row = Mapping[str, object]
_LOAD_CHUNK = 2000

#: Writes rows that are locked: of this object, as asked, with these rights.
Write = Callable[[ObjectDef, Sequence[Row], WriteOptions, Rights], list[RowOutcome]]


class Org:
    """Schema, records, users and sessions of one org, kept in a folder.

    Safe to use from several threads. Use it as a context manager or call `close()`.

    Attributes:
        org_id: 18 characters, made at random when the org is created.
        admin_user_id: the user on whose behalf things happen unless another is named.
        access: field permissions; they apply only while the setting `field_security` is on.
        rules: validation rules.
        automations: flows and triggers; the setting of that name changes them.
        components: the set-up besides objects, by kind and name; change it by `save_component`.
        usage: API calls of the last 24 hours, counted by the faces.
        notifications: what rang at the bells of its users.
    """

    def __init__(self, home: Path, name: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.store = Store(home / FILE)
        self.clock = Clock()
        self.definitions = Definitions(self.store, STANDARD)
        self.components = Components(self.store)
        self.access = Access(self)
        self.rules = Rulebook(self.store, self.definitions, self.access.custom_permissions)
        self.automations = Automations(self.store, self.definitions, self.access.custom_permissions)
        self._writer = Writer(self.store, self.definitions, self.clock, self.rules, self.automations)
        self._locks = RowLocks(self)
        self._bin = Bin(self.store, self.definitions, self.clock)
        self.formula_fields = FormulaFields(self.store, self.definitions, self.clock)
        self.queries = Queries(self.store, self.definitions, self.clock)
        self.usage = ApiUsage(self.store, self.clock)
        self.notifications = notifications.Notifications(self.store, self.clock)
        self.admin_user_id = ids.make("005", 1)
        with self.store.writing():
            if self.store.setting("org_id") is None:
                self._create(name)
        self.org_id: str = self.store.setting("org_id")
        self.name: str = self.store.setting("org_name")
        self.sessions = Sessions(self.store, self.org_id)

    @classmethod
    def open(cls, home: Path, name: str = "Tierline Sandbox") -> Org:
        """The org in that folder; created under this name with its standard objects on first use."""
        return cls(home, name)

    def _create(self, name: str) -> None:
        before = secrets.randbelow(62**8) + 1
        self.store.take_numbers("id:00D", before)
        self.org_id = ids.make("00D", before + 1)
        self.store.set_setting("org_id", self.org_id)
        self.store.set_setting("org_name", name)
        fill_new_org(self, name)

    def close(self) -> None:
        self.usage.save()
        self.store.close()

    def __enter__(self) -> Org:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def credentials(self) -> Credentials:
        """Client id and secret, user name, password and an access token of the administrator."""
        admin = self.definitions.get("User")
        username = self.store.fetch(admin, [self.admin_user_id], ["Username"])[self.admin_user_id]["Username"]
        return self.sessions.credentials(username, self.admin_user_id)

    def setting(self, key: str) -> Any:
        """A JSON value kept with the org, or None. Those the org itself obeys are listed in the README."""
        return self.store.setting(key)

    def set_setting(self, key: str, value: object) -> None:
        """Raises SchemaError if `automations` are not what they should be."""
        if key == automation.SETTING:
            automation.replace(self, value)
        else:
            self.store.set_setting(key, value)

    # --- schema --------------------------------------------------------------------------------

    def objects(self) -> Mapping[str, ObjectDef]:
        self.definitions.refresh()
        return self.definitions.objects

    def object(self, name: str) -> ObjectDef:
        """The object of that API name in any case. Raises SchemaError("INVALID_TYPE" ...)."""
        self.definitions.refresh()
        return self.definitions.get(name)

    def create_object(self, definition: ObjectDef, *, owned: bool = True) -> None:
        """Adds a custom object; system fields, `Name` and, if `owned`, `OwnerId` are added unless given.

        An empty `key_prefix` gets the next free one. Raises SchemaError("DUPLICATE_DEVELOPER_NAME" ...).
        """
        self.definitions.refresh()
        self.definitions.create_object(definition, owned=owned)

    def delete_object(self, name: str) -> None:
        """Drops a custom object with its fields, records, rules and record types. Raises SchemaError."""
        definition = self.object(name)
        for field in definition.fields:
            self.automations.check_unused(f"{definition.name}.{field}")
        self.definitions.delete_object(definition.name)
        for kind in (RULE, RECORD_TYPE):
            for full_name in self.components.all(kind):
                if full_name.partition(".")[0] == definition.name:
                    self.delete_component(kind, full_name)

    def save_field(self, object_name: str, field: FieldDef) -> bool:
        """Creates or replaces a field; True if created. Raises SchemaError."""
        self.definitions.refresh()
        check_field(self.definitions.get(object_name), field, self.definitions.find)
        return self.definitions.save_field(object_name, field)

    def delete_field(self, object_name: str, field_name: str) -> None:
        """Drops a custom field with its values. Raises SchemaError."""
        self.definitions.refresh()
        self.rules.check_unused(f"{object_name}.{field_name}")
        self.automations.check_unused(f"{object_name}.{field_name}")
        self.formula_fields.check_unused(f"{object_name}.{field_name}")
        self.definitions.delete_field(object_name, field_name)

    def value_sets(self) -> Mapping[str, GlobalValueSet]:
        self.definitions.refresh()
        return self.definitions.value_sets

    def save_value_set(self, value_set: GlobalValueSet) -> bool:
        """Creates or replaces a global value set; fields that use it follow. True if created."""
        self.definitions.refresh()
        return self.definitions.save_value_set(value_set)

    def delete_value_set(self, name: str) -> None:
        """Raises SchemaError while a field uses it."""
        self.definitions.refresh()
        self.definitions.delete_value_set(name)

    def save_component(self, kind: str, full_name: str, body: Body) -> None:
        """Creates or replaces a component, and the record by which it can be queried if it has one."""
        with self.store.writing():
            self.components.save(kind, full_name, body)
            if kind == PERMISSION:
                self.access.sets.save_custom_permission(full_name, str(body["label"]), str(body["description"]))
            elif kind == RECORD_TYPE:
                store_row(self, RecordType(**body))
            elif kind == notifications.TYPE:
                notifications.store_type(self, full_name, body)

    def delete_component(self, kind: str, full_name: str) -> None:
        with self.store.writing():
            self.components.delete(kind, full_name)
            if kind == PERMISSION:
                self.access.sets.delete_custom_permission(full_name)
            elif kind == RECORD_TYPE:
                delete_row(self, full_name)
            elif kind == notifications.TYPE:
                notifications.delete_type(self, full_name)

    def save_status(
        self, kind: str, value: str, *, closed: bool = False, won: bool = False, probability: int = 0
    ) -> None:
        """Adds or changes an OpportunityStage, CaseStatus or TaskStatus and its picklist entry.

        `won` and `probability` (percent) mean something for opportunity stages only.
        """
        save_status(self, kind, value, closed=closed, won=won, probability=probability)

    # --- records -------------------------------------------------------------------------------

    def insert(
        self,
        object_name: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """One outcome per row, in order. `options`, where given, replaces the two other arguments."""
        return self._write(object_name, rows, self._options(user_id, all_or_none, options), self._writer.insert)

    def update(
        self,
        object_name: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Each row carries its `Id`; fields it does not name stay as they are."""
        return self._write(object_name, rows, self._options(user_id, all_or_none, options), self._writer.update)

    def upsert(
        self,
        object_name: str,
        external_field: str,
        rows: Sequence[Row],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Updates the row whose `external_field` (or Id) has the given value, else inserts it."""

        def upsert(
            definition: ObjectDef, taken: Sequence[Row], asked: WriteOptions, rights: Rights
        ) -> list[RowOutcome]:
            return self._writer.upsert(definition, external_field, taken, asked, rights)

        return self._write(object_name, rows, self._options(user_id, all_or_none, options), upsert)

    def delete(
        self,
        object_name: str,
        ids: Sequence[str],
        *,
        user_id: str | None = None,
        all_or_none: bool = False,
        options: WriteOptions | None = None,
    ) -> list[RowOutcome]:
        """Moves records to the recycle bin (`IsDeleted`), their owned children too."""

        def delete(
            definition: ObjectDef, taken: Sequence[Row], asked: WriteOptions, rights: Rights
        ) -> list[RowOutcome]:
            return self._bin.delete(definition, [str(row["Id"]) for row in taken], asked, rights)

        rows = [{"Id": record_id} for record_id in ids]
        return self._write(object_name, rows, self._options(user_id, all_or_none, options), delete)

    def merge(self, object_name: str, master_id: str, loser_ids: Sequence[str]) -> None:
        """Merges records into one: the losers are deleted with `MasterRecordId` set, children move over."""
        self._bin.merge(self.object(object_name), master_id, loser_ids)

    def find_ids(self, object_name: str, field_name: str, value: Any) -> list[str]:
        """Ids of the records whose field has this value. Raises SchemaError for an unknown field."""
        definition = self.object(object_name)
        found = definition.find(field_name)
        if found is None:
            raise SchemaError("INVALID_FIELD", f"No such column '{field_name}' on entity '{definition.name}'")
        stored = self._writer.plan(definition).convert[found.name](value)
        return self._writer.find_ids(definition, found.name, stored)

    def query(self, soql: str, *, include_deleted: bool = False) -> QueryResult:
        """The whole result. Raises QueryError."""
        self.definitions.refresh()
        return self.queries.run(soql, QueryOptions(include_deleted=include_deleted, page=None))

    def bulk_load(self, object_name: str, rows: Iterable[Row]) -> list[str]:
        """Inserts rows in one transaction and returns their ids; raises RowRefused naming the first bad row.

        As the permission "Set Audit Fields" allows, rows may carry CreatedDate, CreatedById, LastModifiedDate
        and LastModifiedById, inactive owners, and read-only fields that the org does not calculate.
        """
        definition = self.object(object_name)
        options = WriteOptions(user_id=self.admin_user_id)
        loaded: list[str] = []
        pending = iter(rows)
        with self.store.writing():
            while chunk := list(islice(pending, _LOAD_CHUNK)):
                outcomes = self._writer.insert(definition, chunk, options, Rights(loading=True))
                for row, outcome in enumerate(outcomes, len(loaded)):
                    if outcome.id is None:
                        raise RowRefused(object_name, row, outcome.errors[0])
                loaded.extend(outcome.id for outcome in outcomes if outcome.id)
        return loaded

    def set_clock(self, now: datetime | None) -> None:
        """Fixes "now" for this process; None goes back to real time."""
        self.clock.fix(now)

    def _write(self, object_name: str, rows: Sequence[Row], asked: WriteOptions, write: Write) -> list[RowOutcome]:
        """Rows are written under the locks of the org, with the rights of whoever asks."""
        definition = self.object(object_name)
        rights = self._rights(asked, definition)
        return self._locks.write(
            definition, rows, asked.all_or_none, lambda taken: write(definition, taken, asked, rights)
        )

    def _options(self, user_id: str | None, all_or_none: bool, options: WriteOptions | None) -> WriteOptions:
        asked = options or WriteOptions(user_id or "", all_or_none)
        return asked if asked.user_id else replace(asked, user_id=self.admin_user_id)

    def _rights(self, options: WriteOptions, definition: ObjectDef) -> Rights:
        if not options.secured:
            return Rights()
        user_id = options.user_id
        grants = self.access.grants(user_id)
        allowed = grants.on(definition)
        return Rights(
            hidden=self.access.hidden(user_id, grants),
            uneditable=self.access.uneditable(user_id, grants),
            allowed=allowed,
            may_change=self.access.who_changes(definition, user_id, grants),
        )
