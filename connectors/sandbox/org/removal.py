"""Deleting and merging records: what a record owns goes with it, look-ups to it are emptied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.org import derived, ids
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Context, Stored
from connectors.sandbox.org.outcomes import OrgError, RowOutcome
from connectors.sandbox.org.records import Store, column, table
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import SYSTEM_FIELDS
from connectors.sandbox.org.validation import Rights
from connectors.sandbox.org.values import Refused
from connectors.sandbox.org.writes import ROLLED_BACK, WriteOptions


class Bin:
    """The recycle bin of one org."""

    def __init__(self, store: Store, definitions: Definitions, clock: Clock) -> None:
        self._store = store
        self._definitions = definitions
        self._clock = clock

    def delete(
        self,
        definition: ObjectDef,
        record_ids: Sequence[str],
        options: WriteOptions,
        rights: Rights,
    ) -> list[RowOutcome]:
        """One outcome per id, in order."""
        if not definition.deletable:
            raise OrgError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be deleted: {definition.label}")
        try:
            with self._store.writing():
                context = Context(self._store, self._definitions, self._clock.stamp())
                outcomes = [self._delete_one(definition, name, context, rights) for name in record_ids]
                if options.all_or_none and not all(outcome.success for outcome in outcomes):
                    raise _Undo
        except _Undo:
            return [RowOutcome(outcome.id, False, outcome.errors or (ROLLED_BACK,)) for outcome in outcomes]
        return outcomes

    def _delete_one(self, definition: ObjectDef, name: object, context: Context, rights: Rights) -> RowOutcome:
        record_id = ids.normalize(name)
        try:
            if record_id is None:
                raise Refused("MALFORMED_ID", f"bad id {name}")
            old = self._store.fetch(definition, [record_id]).get(record_id)
            if old is None or record_id[:3] != definition.key_prefix:
                raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
            if old["IsDeleted"]:
                raise Refused("ENTITY_IS_DELETED", "entity is deleted")
            rights.check_change(old, "allowDelete")
            self._refuse_if_needed(definition, record_id)
        except Refused as refusal:
            return RowOutcome(record_id, False, (refusal.error,))
        self._remove(definition, record_id, old, context)
        return RowOutcome(record_id, True)

    def _refuse_if_needed(self, definition: ObjectDef, record_id: str) -> None:
        for child, lookup in self._definitions.children(definition.name):
            if lookup.on_delete == "restrict" and self._children(child, lookup, record_id):
                raise Refused(
                    "DELETE_FAILED",
                    f"Your attempt to delete {record_id[:15]} could not be completed because it is associated "
                    f"with the following {child.label_plural.lower()}.",
                )

    def _children(self, child: ObjectDef, lookup: FieldDef, record_id: str) -> list[str]:
        rows = self._store.reader().execute(
            f"SELECT Id FROM {table(child.name)} WHERE {column(lookup.name)} = ? AND IsDeleted = 0",
            (record_id,),
        )
        return [row[0] for row in rows]

    def _remove(self, definition: ObjectDef, record_id: str, old: Stored, context: Context) -> None:
        gone = {"IsDeleted": 1, "SystemModstamp": context.now}
        self._store.update_rows(definition, [(record_id, gone)])
        derived.sum_up(definition, derived.parents_of(definition, [old]), context)
        for child, lookup in self._definitions.children(definition.name):
            if lookup.name in SYSTEM_FIELDS:
                continue
            found = self._children(child, lookup, record_id)
            if lookup.on_delete == "cascade":
                rows = self._store.fetch(child, found)
                for child_id in found:
                    self._remove(child, child_id, rows[child_id], context)
            # unverified: a look-up that is emptied because its record was deleted moves SystemModstamp.
            elif found:
                cleared: Mapping[str, Any] = {lookup.name: None, "SystemModstamp": context.now}
                self._store.update_rows(child, [(child_id, cleared) for child_id in found])

    def merge(self, definition: ObjectDef, master_id: str, loser_ids: Sequence[str]) -> None:
        """Merges records: children move to the master, the losers are deleted with `MasterRecordId` set.

        Raises OrgError if the object cannot be merged or a record is missing.
        """
        if "MasterRecordId" not in definition.fields:
            raise OrgError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be merged: {definition.label}")
        with self._store.writing():
            now = self._clock.stamp()
            known = self._store.fetch(definition, [master_id, *loser_ids], ["IsDeleted"])
            if any(known.get(name, {"IsDeleted": 1})["IsDeleted"] for name in (master_id, *loser_ids)):
                raise OrgError("ENTITY_IS_DELETED", "entity is deleted")
            for child, lookup in self._definitions.children(definition.name):
                if lookup.name != "MasterRecordId":
                    moved = {lookup.name: master_id, "SystemModstamp": now}
                    found = [i for loser in loser_ids for i in self._children(child, lookup, loser)]
                    self._store.update_rows(child, [(child_id, moved) for child_id in found])
            gone = {"IsDeleted": 1, "MasterRecordId": master_id, "SystemModstamp": now}
            self._store.update_rows(definition, [(loser, gone) for loser in loser_ids])
            self._store.update_rows(definition, [(master_id, {"SystemModstamp": now})])


class _Undo(Exception):
    """Rolls a deletion back."""
