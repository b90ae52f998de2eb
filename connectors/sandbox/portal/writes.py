"""Records created, changed and archived: values checked, unique ones kept unique, derived ones worked out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.portal.definitions import Definitions
from connectors.sandbox.portal.derived import concerned, derive
from connectors.sandbox.portal.history import History, Past, Source
from connectors.sandbox.portal.outcomes import CONFLICT, NOT_FOUND, VALIDATION, Detail, Problem, Refused
from connectors.sandbox.portal.owners import Owners
from connectors.sandbox.portal.records import Records, is_own
from connectors.sandbox.portal.schema import ObjectType, Property
from connectors.sandbox.portal.tallies import Tallies, first_values
from connectors.sandbox.portal.values import BadValue, Elsewhere, stored, text_of

#: What became of an input: the id of the record, or the reason why not.
Outcome = int | Problem


@dataclass(frozen=True)
class Change:
    """New values for the record that `id` names: by its id, or by the value of the unique property `id_property`."""

    id: str
    properties: Mapping[str, Any]
    id_property: str = ""


@dataclass(frozen=True)
class Written:
    """A record that was created or changed: the values set, by property name. `old` is empty for a new one."""

    id: int
    values: Mapping[str, Any]
    old: Mapping[str, Any]


Announce = Callable[[ObjectType, str, Sequence[Written], int, Source], None]


class Writer:
    """All writes to records of a portal. `announce` is told what was done, within the transaction that does it."""

    def __init__(
        self,
        records: Records,
        definitions: Definitions,
        owners: Owners,
        history: History,
        tallies: Tallies,
        announce: Announce,
    ) -> None:
        self._records = records
        self._definitions = definitions
        self._owners = owners
        self._history = history
        self._tallies = tallies
        self._announce = announce

    # --- creating ------------------------------------------------------------------------------

    def create(
        self,
        kind: ObjectType,
        rows: Sequence[Mapping[str, Any]],
        at: int,
        source: Source,
        *,
        loading: bool = False,
    ) -> list[Outcome]:
        """One outcome per row. When `loading`, rows may set what the portal keeps, dates of creation among it."""
        with self._records.writing():
            checked = self._checked(kind, rows, loading=loading)
            self._refuse_twins(kind, checked, [None] * len(rows))
            good = [each for each in checked if not isinstance(each, Problem)]
            ids = iter(self._insert(kind, good, at, source))
            return [each if isinstance(each, Problem) else next(ids) for each in checked]

    def _insert(self, kind: ObjectType, rows: Sequence[dict[str, Any]], at: int, source: Source) -> list[int]:
        for row in rows:
            self._place_in_pipeline(kind, row)
            row.update(derive(kind, row, self._definitions))
            for name, value in first_values(kind).items():
                row.setdefault(name, value)
        names = sorted({name for row in rows for name in row if is_own(kind, name)})
        ids = list(self._records.new_ids(len(rows)))
        written = [
            (
                record_id, row.get(kind.created) or at, row.get(kind.modified) or at, 0, None, source.kind, source.id,
                row.get("hs_created_by_user_id") or source.user_id, source.user_id, *(row.get(name) for name in names),
            )
            for record_id, row in zip(ids, rows, strict=True)
        ]  # fmt: skip
        self._records.insert(kind, names, written)
        self._announce(
            kind, "creation", [Written(key, row, {}) for key, row in zip(ids, rows, strict=True)], at, source
        )
        return ids

    # --- changing ------------------------------------------------------------------------------

    def update(self, kind: ObjectType, changes: Sequence[Change], at: int, source: Source) -> list[Outcome]:
        """One outcome per change. Raises Refused when two of them mean the same record."""
        with self._records.writing():
            ids = self.resolve(kind, changes)
            checked = self._checked(kind, self._appended(kind, changes, ids), loading=False)
            self._refuse_twins(kind, checked, ids)
            outcomes: list[Outcome] = [
                missing(change.id) if record_id is None else row if isinstance(row, Problem) else record_id
                for change, record_id, row in zip(changes, ids, checked, strict=True)
            ]
            rows = {
                outcome: row
                for outcome, row in zip(outcomes, checked, strict=True)
                if isinstance(outcome, int) and not isinstance(row, Problem)
            }
            self._change(kind, rows, at, source)
            return outcomes

    def _appended(
        self, kind: ObjectType, changes: Sequence[Change], ids: Sequence[int | None]
    ) -> list[Mapping[str, Any]]:
        """The values as they are to be: a semicolon in front of options adds them to those a record has."""
        several = {name for name, each in self._definitions.properties(kind).items() if each.multiple}
        adding = [
            {name for name, given in change.properties.items() if name in several and str(given or "").startswith(";")}
            for change in changes
        ]
        names = sorted(set().union(*adding))
        if not names:
            return [change.properties for change in changes]
        held = self._records.fetch(kind, [each for each in ids if each is not None], names)
        rows: list[Mapping[str, Any]] = []
        for change, record_id, added in zip(changes, ids, adding, strict=True):
            old = held[record_id].values if record_id in held else {}
            joined = {name: f"{old.get(name) or ''}{change.properties[name]}".strip(";") for name in added}
            rows.append({**change.properties, **joined})
        return rows

    def _change(self, kind: ObjectType, rows: Mapping[int, dict[str, Any]], at: int, source: Source) -> None:
        names = {name for row in rows.values() for name in row}
        stored_rows = self._records.fetch(kind, rows, sorted(names | set(concerned(kind))))
        shapes: dict[tuple[str, ...], list[list[Any]]] = {}
        pasts: list[Past] = []
        written: list[Written] = []
        for record_id, row in rows.items():
            old = stored_rows[record_id].values
            self._place_in_pipeline(kind, row, old)
            row.update(derive(kind, {**old, **row}, self._definitions, old))
            changed = {name: value for name, value in row.items() if old.get(name) != value}
            pasts += [Past(record_id, name, old.get(name), value) for name, value in changed.items()]
            written.append(Written(record_id, changed, old))
            own = sorted(changed)
            # unverified: an update that changes nothing still moves the modification date.
            values = [at, source.user_id, *(changed[name] for name in own), record_id]
            shapes.setdefault(tuple(own), []).append(values)
        for shape, values_of_rows in shapes.items():
            self._records.update(kind, ("updated", "changed_by", *shape), values_of_rows)
        if pasts:
            self._history.keep(kind, pasts, at, source)
        moved = [each.id for each in written if "hs_timestamp" in each.values]
        self._tallies.follow(kind, self._tallies.around(kind, moved) if moved else {})
        self._announce(kind, "propertyChange", written, at, source)

    def resolve(self, kind: ObjectType, changes: Sequence[Change]) -> list[int | None]:
        """Ids of the records in use that the changes mean; None where there is none. Raises Refused for twins."""
        refuse_twice([change.id for change in changes])
        ids: list[int | None] = []
        by_property: dict[str, dict[str, int]] = {}
        for name in {change.id_property for change in changes} - {""}:
            self.require_unique(kind, name)
            wanted = [change.id.lower() if name == "email" else change.id for change in changes]
            by_property[name] = self._records.find(kind, name, wanted)
        for change in changes:
            if change.id_property:
                ids.append(by_property[change.id_property].get(change.id.lower()))
            else:
                ids.append(int(change.id) if change.id.isdecimal() and len(change.id) < 19 else None)
        found = self._in_use(kind, ids)
        refuse_twice([str(each) for each in found if each is not None])
        return found

    def _in_use(self, kind: ObjectType, ids: Sequence[int | None]) -> list[int | None]:
        # unverified: a change to the id of a record that was merged away reaches the record it is part of.
        winners = self._records.winners(kind, [each for each in ids if each is not None])
        now = [winners.get(each, each) if each is not None else None for each in ids]
        found = self._records.fetch(kind, [each for each in now if each is not None], ())
        return [each if each is not None and each in found and not found[each].archived else None for each in now]

    def require_unique(self, kind: ObjectType, name: str) -> Property:
        found = self._definitions.live(kind, name)
        if found is None or not found.unique:
            message = f"Unable to perform update/upsert by non-unique {kind.type_id} property {name}"
            raise Refused(Problem(VALIDATION, message))
        return found

    # --- archiving -----------------------------------------------------------------------------

    def archive(self, kind: ObjectType, ids: Sequence[str], at: int, source: Source) -> None:
        """Records that do not exist are no error."""
        with self._records.writing():
            known = [int(each) for each in ids if each.isdecimal()]
            found = [record_id for record_id in self._in_use(kind, known) if record_id is not None]
            # unverified: archiving a record moves its modification date and leaves its associations alone.
            self._records.update(kind, ("archived", "updated"), [(at, at, record_id) for record_id in found])
            self._tallies.follow(kind, self._tallies.around(kind, found))
            self._announce(kind, "deletion", [Written(each, {}, {}) for each in found], at, source)

    def erase(self, kind: ObjectType, which: Change, at: int, source: Source) -> None:
        """Deletes a record with its history and associations."""
        with self._records.writing():
            (record_id,) = self.resolve(kind, [which])
            if record_id is not None:
                around = self._tallies.around(kind, [record_id])
                self._records.erase(kind, record_id)
                self._tallies.follow(kind, around)
                self._announce(kind, "privacyDeletion", [Written(record_id, {}, {})], at, source)

    def announce_merge(self, kind: ObjectType, new: int, old: Sequence[int], at: int, source: Source) -> None:
        """Tells of a merge: `values` of what is told has the records that were merged, the primary one first."""
        told = Written(new, {"merged": list(old)}, {})
        self._announce(kind, "merge", [told], at, source)

    # --- checking ------------------------------------------------------------------------------

    def _checked(
        self, kind: ObjectType, rows: Sequence[Mapping[str, Any]], *, loading: bool
    ) -> list[dict[str, Any] | Problem]:
        properties = self._definitions.properties(kind)
        elsewhere = self._elsewhere(kind)
        return [_row(properties, elsewhere, row, loading=loading) for row in rows]

    def _elsewhere(self, kind: ObjectType) -> Elsewhere:
        owners = self._owners.ids()
        pipelines = self._definitions.pipelines(kind)
        stages = {stage for each in pipelines.values() for stage in each.stage_ids}
        # unverified: an owner who is not active, or does not exist, is refused as an owner of a record.
        allowed: dict[str, Callable[[str], bool]] = {"hubspot_owner_id": owners.__contains__}
        if kind.stage:
            allowed |= {kind.stage: stages.__contains__, kind.pipeline: pipelines.__contains__}
        return Elsewhere(allowed)

    def _place_in_pipeline(self, kind: ObjectType, row: dict[str, Any], old: Mapping[str, Any] | None = None) -> None:
        """Has stage and pipeline of a record fit: whichever is given decides, and the stage if both are."""
        if not kind.stage:
            return
        # unverified: emptying the stage or the pipeline changes nothing; a record that comes into a pipeline without a
        # stage is in its first one, and a new one without either in the first pipeline.
        for name in (kind.stage, kind.pipeline):
            if name in row and row[name] is None:
                del row[name]
        now = {**(old or {}), **row}
        pipelines = self._definitions.pipelines(kind)
        stage, pipeline = row.get(kind.stage), pipelines.get(now.get(kind.pipeline) or "")
        if stage is not None:
            holders = [each.id for each in pipelines.values() if stage in each.stage_ids]
            if pipeline is None or pipeline.id not in holders:
                row[kind.pipeline] = holders[0]
            return
        pipeline = pipeline or min(pipelines.values(), key=lambda each: each.order)
        if now.get(kind.stage) not in pipeline.stage_ids:
            row[kind.pipeline], row[kind.stage] = pipeline.id, pipeline.stages[0].id

    def _refuse_twins(self, kind: ObjectType, rows: list[dict[str, Any] | Problem], ids: Sequence[int | None]) -> None:
        """Puts a problem in the place of rows whose unique values others have, or an earlier row here."""
        for prop in self._definitions.properties(kind).values():
            if not prop.unique or prop.archived:
                continue
            given = {
                place: row[prop.name]
                for place, row in enumerate(rows)
                if not isinstance(row, Problem) and row.get(prop.name) is not None
            }
            holders: dict[str, int | None] = dict(self._records.find(kind, prop.name, given.values()))
            for place, value in given.items():
                key = str(value).lower()
                if key in holders and holders[key] != ids[place]:
                    rows[place] = _twin(kind, prop, value, holders[key])
                else:
                    holders[key] = ids[place]


def missing(given: str) -> Problem:
    """No record has this id."""
    message = "Object not found.  objectId are usually numeric."
    return Problem(NOT_FOUND, message, {"id": (given,)}, sub_category="crm.OBJECT_NOT_FOUND")


def refuse_twice(ids: Sequence[str]) -> None:
    """Raises Refused if an id is named twice in one request."""
    twice = sorted({each for each in ids if ids.count(each) > 1}) if len(set(ids)) < len(ids) else []
    if twice:
        # unverified: the words in which an id that is named twice is refused.
        message = f"Duplicate IDs found in batch input: [{', '.join(twice)}]. IDs must be unique"
        raise Refused(Problem(VALIDATION, message, {"id": tuple(twice)}))


def _row(
    properties: Mapping[str, Property], elsewhere: Elsewhere, row: Mapping[str, Any], *, loading: bool
) -> dict[str, Any] | Problem:
    values: dict[str, Any] = {}
    bad: list[tuple[str, Any, str, str]] = []
    for name, given in row.items():
        prop = properties.get(name.lower())
        if prop is None or prop.archived:
            bad.append((name, given, "PROPERTY_DOESNT_EXIST", f'Property "{name}" does not exist'))
        elif prop.read_only and not loading:
            message = f'"{name}" is a read only property; its value cannot be set.'
            bad.append((name, given, "READ_ONLY_VALUE", message))
        else:
            try:
                values[prop.name] = stored(prop, given, elsewhere)
            except BadValue as error:
                bad.append((name, given, error.code, error.message))
    return _invalid(bad) if bad else values


def _invalid(bad: Sequence[tuple[str, Any, str, str]]) -> Problem:
    """The refusal of values: each reason twice, as JSON inside the message and as details."""
    told = [
        {
            "isValid": False, "message": message, "error": code, "name": name, "localizedErrorMessage": message,
            "propertyValue": text_of(given) if given is not None else "",
        }
        for name, given, code, message in bad
    ]  # fmt: skip
    details = tuple(Detail(message, code, {"propertyName": (name,)}) for name, _, code, message in bad)
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    return Problem(VALIDATION, f"Property values were not valid: {text}", details=details)


def _twin(kind: ObjectType, prop: Property, value: object, holder: int | None) -> Problem:
    """Another record has the value already; None: one of the same request, which has no id yet."""
    existing = "" if holder is None else f" Existing ID: {holder}"
    if prop.name == "email":
        return Problem(CONFLICT, f"Contact already exists.{existing}")
    # unverified: a second record with the value of a unique property is refused like a bad value, with status 400.
    message = f"{value} is already used by another {kind.singular}.{existing}"
    return _invalid([(prop.name, value, "CONFLICTING_UNIQUE_VALUE", message)])
