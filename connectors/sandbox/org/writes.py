"""Insert, update and upsert: each row is checked on its own, good rows are saved although others fail."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.clock import Clock
from connectors.sandbox.org import derived, ids
from connectors.sandbox.org.automation import Automations
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.derived import Context, Draft, Stored
from connectors.sandbox.org.outcomes import OrgError, RowError, RowOutcome
from connectors.sandbox.org.record_types import RECORD_TYPE, Allowed
from connectors.sandbox.org.records import Store, column, table
from connectors.sandbox.org.rules import Rulebook
from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.validation import Plan, Pointer, Rights
from connectors.sandbox.org.values import Refused

ROLLED_BACK = RowError(
    "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    "Record rolled back because not all records were valid and the request was using AllOrNone header",
)
_NUMBER_FORM = re.compile(r"\{(0+)\}")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class WriteOptions:
    """How a write behaves besides its values.

    Attributes:
        user_id: who writes; empty = the administrator.
        all_or_none: undo all rows if one fails.
        auto_assign: run the org's assignment rule, as REST does unless told otherwise.
        allow_duplicates: save although a duplicate rule objects.
        secured: field permissions of the user apply.
    """

    user_id: str = ""
    all_or_none: bool = False
    auto_assign: bool = False
    allow_duplicates: bool = False
    secured: bool = False


@dataclass
class Pending:
    """One row on its way: either it has an error, or a draft to store under its id."""

    id: str | None = None
    draft: Draft | None = None
    error: RowError | None = None
    created: bool = False
    more_errors: tuple[RowError, ...] = ()

    def outcome(self) -> RowOutcome:
        if self.error is not None:
            return RowOutcome(None, False, (self.error, *self.more_errors))
        return RowOutcome(self.id, True, (), self.created)


class Writer:
    """Saves rows of one org. Each call is one transaction with one instant."""

    def __init__(
        self, store: Store, definitions: Definitions, clock: Clock, rules: Rulebook, automations: Automations
    ) -> None:
        self._store = store
        self._definitions = definitions
        self._clock = clock
        self.rules = rules
        self.automations = automations
        self._plans: dict[str, tuple[ObjectDef, Plan]] = {}

    def plan(self, definition: ObjectDef) -> Plan:
        known = self._plans.get(definition.name)
        if known is None or known[0] is not definition:
            known = (definition, Plan(definition, self._definitions))
            self._plans[definition.name] = known
        return known[1]

    def context(self) -> Context:
        return Context(self._store, self._definitions, self._clock.stamp())

    def insert(
        self, definition: ObjectDef, rows: Sequence[Row], options: WriteOptions, rights: Rights
    ) -> list[RowOutcome]:
        if not (definition.createable or rights.loading):
            raise OrgError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be inserted: {definition.label}")
        with self._store.writing():
            batch = Batch(self, self.plan(definition), options, rights)
            batch.save([batch.new(row) for row in rows])
            return batch.outcomes()

    def update(
        self, definition: ObjectDef, rows: Sequence[Row], options: WriteOptions, rights: Rights
    ) -> list[RowOutcome]:
        if not definition.updateable:
            raise OrgError("INVALID_TYPE_FOR_OPERATION", f"entity type cannot be updated: {definition.label}")
        with self._store.writing():
            batch = Batch(self, self.plan(definition), options, rights)
            batch.save(batch.changes(rows))
            return batch.outcomes()

    def upsert(
        self, definition: ObjectDef, key: str, rows: Sequence[Row], options: WriteOptions, rights: Rights
    ) -> list[RowOutcome]:
        found = definition.find(key)
        if found is None or not (found.external_id or found.name == "Id"):
            raise OrgError("NOT_FOUND", f"Provided external ID field does not exist or is not accessible: {key}")
        with self._store.writing():
            batch = Batch(self, self.plan(definition), options, rights)
            batch.save(batch.matched(found.name, rows))
            return batch.outcomes()

    def find_ids(self, definition: ObjectDef, field_name: str, value: Any) -> list[str]:
        """Ids of records that are not deleted and have this value."""
        rows = self._store.reader().execute(
            f"SELECT Id FROM {table(definition.name)} WHERE {column(field_name)} = ? AND IsDeleted = 0 ORDER BY Id",
            (value,),
        )
        return [row[0] for row in rows]


class Batch:
    """The rows of one call. `save` is called once; `outcomes` are in the order of the rows."""

    def __init__(self, writer: Writer, plan: Plan, options: WriteOptions, rights: Rights) -> None:
        self._writer = writer
        self._store = writer._store
        self._definitions = writer._definitions
        self._plan = plan
        self._definition = plan.definition
        self._options = options
        self._rights = rights
        self._context = writer.context()
        self._rows: list[Pending] = []

    def outcomes(self) -> list[RowOutcome]:
        return [row.outcome() for row in self._rows]

    # --- reading rows --------------------------------------------------------------------------

    def new(self, row: Row, skip: str = "") -> Pending:
        try:
            self._rights.check_create(self._definition)
            given, pointers = self._plan.read(row, self._rights, creating=True, skip=skip)
            self._follow(pointers, given)
            if self._plan.master and given.get(self._plan.master):
                self._rights.check_add(given)
        except Refused as refusal:
            return Pending(error=refusal.error)
        stored = {**self._plan.defaults, **given}
        if stored.get("OwnerId") in {"$user", None} and "OwnerId" in self._definition.fields:
            stored["OwnerId"] = self._options.user_id
        return Pending(draft=Draft(stored, frozenset(given), {}), created=True)

    def changes(self, rows: Sequence[Row]) -> list[Pending]:
        named = [row.get("Id") or row.get("id") for row in rows]
        old = self._store.fetch(self._definition, [found for name in named if (found := ids.normalize(name))])
        seen: set[str] = set()
        return [self._change(row, name, old, seen) for row, name in zip(rows, named, strict=True)]

    def _change(self, row: Row, name: Any, old: Mapping[str, Stored], seen: set[str]) -> Pending:
        try:
            record_id = self._existing(name, old)
            # unverified: the code for an id that is named twice in one call.
            if record_id in seen:
                raise Refused("DUPLICATE_VALUE", f"Duplicate id specified: {record_id}", "Id")
            seen.add(record_id)
            self._rights.check_change(old[record_id])
            body = {key: value for key, value in row.items() if key not in ("Id", "id")}
            given, pointers = self._plan.read(body, self._rights, creating=False)
            self._follow(pointers, given)
        except Refused as refusal:
            return Pending(error=refusal.error)
        before = old[record_id]
        return Pending(record_id, Draft({**before, **given}, frozenset(given), before))

    def _existing(self, name: Any, old: Mapping[str, Stored]) -> str:
        if not name:
            raise Refused("MISSING_ARGUMENT", "Id not specified in an update call", "Id")
        record_id = ids.normalize(name)
        if record_id is None or record_id[:3] != self._definition.key_prefix:
            label = self._definition.fields["Id"].label
            raise Refused("MALFORMED_ID", f"{label}: id value of incorrect type: {name}", "Id")
        if record_id not in old:
            raise Refused("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
        if old[record_id]["IsDeleted"]:
            raise Refused("ENTITY_IS_DELETED", "entity is deleted")
        return record_id

    def matched(self, key: str, rows: Sequence[Row]) -> list[Pending]:
        """Rows of an upsert: each becomes a change of the record with its key, or a new record."""
        seen: set[object] = set()
        return [self._match(key, row, seen) for row in rows]

    def _match(self, key: str, row: Row, seen: set[object]) -> Pending:
        name = next((k for k in row if k.lower() == key.lower()), key)
        wanted = row.get(name)
        body = {k: v for k, v in row.items() if k != name}
        if key == "Id":
            return self.changes([{**body, "Id": wanted}])[0] if wanted else self.new(body)
        try:
            value = self._plan.convert[key](wanted)
            if value is None:
                raise Refused("MISSING_ARGUMENT", f"{key} not specified", key)
            folded = (
                value.lower() if isinstance(value, str) and not self._definition.fields[key].case_sensitive else value
            )
            if folded in seen:
                raise Refused("DUPLICATE_VALUE", f"Duplicate external id specified: {value}", key)
            seen.add(folded)
            found = self._writer.find_ids(self._definition, key, value)
            if len(found) > 1:
                raise Refused(
                    "DUPLICATE_EXTERNAL_ID", f"{key}: more than one record found for external id field: {found}"
                )
        except Refused as refusal:
            return Pending(error=refusal.error)
        if found:
            return self.changes([{**body, "Id": found[0]}])[0]
        return self.new({**body, key: wanted})

    def _follow(self, pointers: Sequence[Pointer], given: Stored) -> None:
        """Fills in references that the row gives by an external id of the other record."""
        for lookup, kind, external, wanted in pointers:
            target = self._definitions.find(kind)
            key = target.find(external) if target else None
            if target is None or key is None or not (key.external_id or key.name == "Id"):
                raise Refused("INVALID_FIELD", f"No such column '{external}' on sobject of type {kind}")
            value = self._writer.plan(target).convert[key.name](wanted)
            found = self._writer.find_ids(target, key.name, value)
            if len(found) != 1:
                raise Refused(
                    "INVALID_FIELD",
                    f"Foreign key external ID: {wanted} not found for field {external} in entity {target.name}",
                )
            given[lookup.name] = found[0]

    # --- saving --------------------------------------------------------------------------------

    def save(self, rows: list[Pending]) -> None:
        self._rows = rows
        self._check_references()
        assignment = self._store.setting("assignment_rules") if self._options.auto_assign else None
        checks = _Checks.of(self._store, self._definitions)
        for pending, draft in self._good():
            try:
                if assignment:
                    _assign(draft, assignment.get(self._definition.name))
                if not self._rights.loading:
                    self._writer.automations.run(self._plan, draft, self._context, self._options.user_id)
                rule = derived.RULES.get(self._definition.name)
                if rule is not None:
                    rule(draft, self._context)
                self._plan.check_required(draft)
                checks.record_types.check(self._definition, draft)
                if checks.dependencies:
                    self._plan.check_dependencies(draft)
            except Refused as refusal:
                pending.error = refusal.error
        self._check_rules()
        self._check_unique()
        self._check_duplicates()
        if self._options.all_or_none and any(row.error for row in rows):
            for row in rows:
                row.error = row.error or ROLLED_BACK
            return
        self._store_rows()

    def _good(self) -> list[tuple[Pending, Draft]]:
        return [(row, row.draft) for row in self._rows if row.error is None and row.draft is not None]

    def _check_references(self) -> None:
        """Every id a row names must be a record that exists; an owner must be active."""
        wanted: dict[str, set[str]] = {}
        for _, draft in self._good():
            for item in self._plan.references:
                value = draft.row.get(item.name) if item.name in draft.given else None
                if value:
                    wanted.setdefault(value[:3], set()).add(value)
        if not wanted:
            return
        states: dict[str, tuple[int, int]] = {}
        for prefix, named in wanted.items():
            target = self._definitions.by_prefix(prefix)
            if target is not None:
                states.update(self._states(target, named))
        for pending, draft in self._good():
            pending.error = self._bad_reference(draft, states)

    def _states(self, target: ObjectDef, named: set[str]) -> dict[str, tuple[int, int]]:
        active = "t.IsActive" if target.name == "User" else "1"
        rows = self._store.reader().execute(
            f"SELECT t.Id, t.IsDeleted, {active} FROM json_each(?) j JOIN {table(target.name)} t ON t.Id = j.value",
            (json.dumps(sorted(named)),),
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def _bad_reference(self, draft: Draft, states: Mapping[str, tuple[int, int]]) -> RowError | None:
        for item in self._plan.references:
            value = draft.row.get(item.name) if item.name in draft.given else None
            if not value:
                continue
            deleted, active = states.get(value, (None, 1))
            if deleted is None:
                return RowError("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", (item.name,))
            if deleted:
                return RowError("ENTITY_IS_DELETED", "entity is deleted", (item.name,))
            if item.name == "OwnerId" and not active and draft.changed("OwnerId") and not self._rights.loading:
                return RowError(
                    "INACTIVE_OWNER_OR_USER",
                    f"operation performed with inactive user [{value[:15]}] "
                    f"as owner of {self._definition.label.lower()}",
                )
        return None

    def _check_rules(self) -> None:
        """The org's validation rules. Loading fills an org as it was before anybody made rules."""
        if self._rights.loading:
            return
        for pending, draft in self._good():
            broken = self._writer.rules.errors(self._definition, draft, self._context, self._options.user_id)
            if broken:
                pending.error, *more = broken
                pending.more_errors = tuple(more)

    def _check_unique(self) -> None:
        for item in self._plan.unique:
            taken: dict[object, str] = {}
            for pending, draft in self._good():
                value = draft.row.get(item.name)
                if value is None or not draft.changed(item.name):
                    continue
                folded = value.lower() if isinstance(value, str) and not item.case_sensitive else value
                holders = self._writer.find_ids(self._definition, item.name, value)
                holder = next((h for h in holders if h != pending.id), taken.get(folded))
                if holder:
                    pending.error = RowError(
                        "DUPLICATE_VALUE",
                        f"duplicate value found: {item.name} duplicates value on record with id: {holder[:15]}",
                    )
                else:
                    taken[folded] = pending.id or "<unknown>"

    def _check_duplicates(self) -> None:
        """The org's duplicate rule: `{object: {"fields": [...], "action": "alert" | "block"}}`."""
        rule = (self._store.setting("duplicate_rules") or {}).get(self._definition.name)
        if not rule or self._rights.loading or (rule["action"] == "alert" and self._options.allow_duplicates):
            return
        for pending, draft in self._good():
            if not any(draft.changed(name) for name in rule["fields"]):
                continue
            same = [set(self._writer.find_ids(self._definition, name, draft.row.get(name))) for name in rule["fields"]]
            if set.intersection(*same) - {pending.id}:
                pending.error = RowError("DUPLICATES_DETECTED", "Use one of these records?")

    def _store_rows(self) -> None:
        rows = self._good()
        created = [(pending, draft) for pending, draft in rows if pending.created]
        if created:
            self._complete(created)
            self._store.insert_rows(self._definition, [draft.row for _, draft in created])
        changes = [(str(pending.id), self._difference(draft)) for pending, draft in rows if not pending.created]
        self._store.update_rows(self._definition, changes)
        touched = [record for _, draft in rows for record in (draft.row, draft.old)]
        derived.sum_up(self._definition, derived.parents_of(self._definition, touched), self._context)

    def _complete(self, created: Sequence[tuple[Pending, Draft]]) -> None:
        """Ids, system fields and auto numbers of new records."""
        now, user = self._context.now, self._options.user_id
        stamps = {"CreatedDate": now, "CreatedById": user, "LastModifiedDate": now, "LastModifiedById": user}
        new_ids = self._store.new_ids(self._definition, len(created))
        for (pending, draft), record_id in zip(created, new_ids, strict=True):
            pending.id = record_id
            draft.row.update({name: draft.row.get(name) or stamp for name, stamp in stamps.items()})
            draft.row.update(Id=record_id, IsDeleted=0, SystemModstamp=now)
        for item in self._plan.numbered:
            without = [draft.row for _, draft in created if not draft.row.get(item.name)]
            first = self._store.take_numbers(f"auto:{self._definition.name}.{item.name}", len(without))
            for number, row in enumerate(without, first):
                row[item.name] = _numbered(item.auto_number, number)

    def _difference(self, draft: Draft) -> Stored:
        """Columns to write."""
        # unverified: an update that changes nothing still moves the modification stamps.
        changed = {name: value for name, value in draft.row.items() if value != draft.old.get(name)}
        return {
            **changed,
            "SystemModstamp": self._context.now,
            "LastModifiedDate": self._context.now,
            "LastModifiedById": self._options.user_id,
        }


@dataclass(frozen=True)
class _Checks:
    """Checks that an org may switch on."""

    dependencies: bool
    record_types: Allowed

    @classmethod
    def of(cls, store: Store, definitions: Definitions) -> _Checks:
        return cls(bool(store.setting("enforce_dependent_picklists")), Allowed.of(store, definitions.get(RECORD_TYPE)))


def _assign(draft: Draft, rule: Mapping[str, Any] | None) -> None:
    """An assignment rule: `{"field": name, "owners": {value: user id}}`."""
    owner = rule and rule["owners"].get(draft.row.get(rule["field"]))
    if owner:
        draft.row["OwnerId"] = owner
        draft.given |= {"OwnerId"}


def _numbered(form: str, number: int) -> str:
    text, count = _NUMBER_FORM.subn(lambda match: f"{number:0{len(match[1])}d}", form)
    return text if count else f"{form}{number}"
