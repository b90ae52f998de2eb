"""HubSpot as a `Crm`: reads by lists and searches, writes by batches, installs properties."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from connectors.base import (
    BulkPage,
    BulkState,
    Change,
    Field,
    FieldSpec,
    Identity,
    Limits,
    RuleSpec,
    Scalar,
    SchemaPlan,
    Since,
    TaskSpec,
    WriteResult,
)
from connectors.columns import column_type
from connectors.edits import Edit
from connectors.errors import AuthRevoked, Fatal, MissingScope, SchemaMismatch
from connectors.hubspot import (
    edits,
    gone,
    owners,
    pipelines,
    preflight,
    reading,
    schema,
    searching,
    tasks,
    whole,
    writing,
)
from connectors.hubspot.client import BATCH, Client, portions
from connectors.hubspot.credentials import APP
from connectors.hubspot.errors import Refused, fault_of, half_reply
from connectors.hubspot.kinds import (
    COMPANIES,
    CURRENCY,
    DEFAULTS,
    OWN_DEFAULTS,
    SOURCES,
    Link,
    Source,
    carrier_of,
    link_of,
    sources_of,
)
from connectors.hubspot.properties import Properties, check_readable, field_of, named, type_of
from connectors.hubspot.values import to_scalar
from connectors.preflight import Preflight

#: Calls a day that the smallest plan allows; used where HubSpot does not say what it is.
_LEAST_DAILY = 250_000


class Hubspot:
    """One HubSpot account. Not bound to a thread: the token's renewal is locked."""

    name = "HubSpot"
    batch_size = BATCH
    fetch_size = BATCH
    bulk_from = 2_000

    def __init__(self, client: Client, app_url: str = "") -> None:
        self._client = client
        self._app_url = app_url.rstrip("/")
        self._identity: Identity | None = None
        self._app_id = ""
        self._objects: Mapping[str, str] = {}
        self._described: dict[str, Properties | None] = {}
        self._stages: dict[str, pipelines.Stages] = {}
        self._active = owners.Active(client)

    @property
    def api_calls(self) -> int:
        return self._client.api_calls

    def close(self) -> None:
        self._client.close()

    def identity(self) -> Identity:
        if self._identity is None:
            about = self._details()
            access = self._client.access()
            hub = str(about["portalId"])
            self._app_id = str(access.get("app_id") or access.get("appId") or "")
            user_id = str(access.get("user_id") or access.get("userId") or "")
            # The people of HubSpot go by their number as owners, which is another than that of the user.
            me = owners.of_user(self._client, user_id) if user_id else None
            home = self._app_url or (f"https://{about['uiDomain']}" if about.get("uiDomain") else APP)
            self._identity = Identity(
                org_id=hub,
                org_name=str(access.get("hub_domain") or about.get("portalName") or "HubSpot account"),
                user_id=str(me["id"]) if me else user_id or self._app_id,
                user_name=str(me["name"] if me else access.get("user") or f"app {self._app_id}"),
                user_email=str((me or {}).get("email") or access.get("user") or ""),
                instance_url=f"{home}/contacts/{hub}",
            )
        return self._identity

    def currency(self) -> str:
        """See `OneCurrency.currency`. A deal of an account with several may name its own; others are in this one."""
        return str(self._details().get("companyCurrency") or "").upper()

    def _details(self) -> Mapping[str, Any]:
        return self._client.get(self._client.paths.account("details"))

    def server_time(self) -> datetime | None:
        return self._client.server_time

    def limits(self) -> Limits:
        """What the last reply said; else what HubSpot counts for private apps, which lags by some minutes."""
        if self._client.usage is None:
            rows = self._client.results(self._client.get(self._client.paths.account("api-usage/daily/private-apps")))
            used, allowed = (sum(int(row.get(name) or 0) for row in rows) for name in ("currentUsage", "usageLimit"))
            if self._client.usage is None:
                self._client.observe(Limits(used, allowed or _LEAST_DAILY))
        return self._client.usage or Limits(0, _LEAST_DAILY)

    def use_objects(self, objects: Mapping[str, str]) -> None:
        """See `Crm.use_objects`."""
        self._objects = dict(objects)

    def kinds(self) -> Mapping[str, Mapping[str, str]]:
        """The kinds whose objects this account has and lets us read; without orders, for example, no order."""
        for kind, name in self._objects.items():
            if self._known(name) is None:
                raise SchemaMismatch(
                    f"The model reads {kind.replace('_', ' ')} records from {name}, which HubSpot does not have or our "
                    "app cannot see.",
                    next_step=f"Give the app the scope to read {name}, or correct the model: objects.",
                    code="NO_SUCH_OBJECT",
                )
        found: dict[str, Mapping[str, str]] = {}
        for kind in SOURCES:
            there = self._sources(kind)
            if there:
                found[kind] = OWN_DEFAULTS if kind in self._objects else self._columns(kind, there)
        if "account" not in found:
            self._fresh(COMPANIES)  # says why
        return found

    def _columns(self, kind: str, there: Sequence[Source]) -> Mapping[str, str]:
        """The default columns of which at least one object has the property, or the object at the end of the link."""
        columns = {**DEFAULTS[kind], **CURRENCY.get(kind, {})}
        if kind == "user":
            return columns
        return {
            column: path for column, path in columns.items() if any(self._has(each, column, path) for each in there)
        }

    def _has(self, source: Source, column: str, path: str) -> bool:
        target, dot, _ = path.partition(".")
        if dot:
            return self._known(target) is not None
        return column == "id" or column in source.constants or path in (self._known(source.name) or {})

    def _sources(self, kind: str) -> tuple[Source, ...]:
        """The objects behind a kind that the account has: one the model names, or HubSpot's own."""
        if kind in self._objects:
            return (Source(self._objects[kind]),)
        sources = sources_of(kind)
        there = tuple(each for each in sources if each.name == "owners" or self._known(each.name) is not None)
        whole_kind = all(each in there for each in sources if not each.optional)
        return there if whole_kind else ()

    def _known(self, name: str) -> Properties | None:
        """The properties of an object; None where the account does not have it or does not show it."""
        if name not in self._described:
            try:
                self._described[name] = self._fresh(name)
            except (MissingScope, SchemaMismatch, Refused):  # the last for a name that is no object of this account
                self._described[name] = None
        return self._described[name]

    def _properties(self, name: str) -> Properties:
        known = self._known(name)
        return self._fresh(name) if known is None else known

    def _fresh(self, name: str) -> Properties:
        rows = self._client.all(self._client.paths.properties(name), {"archived": "false"})
        return {str(row["name"]): row for row in rows if not row.get("archived", False)}

    def describe(self, kind: str) -> Mapping[str, Field]:
        """Property name -> field. A kind with several objects shows the properties of all of them."""
        if kind == "user":
            return owners.fields()
        names = [carrier_of(kind)] if kind == "detail" else [source.name for source in self._sources(kind)]
        fields: dict[str, Field] = {}
        for name in names:
            fields = {**{key: field_of(entry) for key, entry in self._properties(name).items()}, **fields}
        return fields

    def plan_schema(self, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec] = ()) -> SchemaPlan:
        """See `Crm.plan_schema`. HubSpot has no rules of this kind: what a person has to click stands in the notes."""
        return self._schema().plan(specs, rules)

    def apply_schema(self, plan: SchemaPlan) -> None:
        try:
            self._schema().apply(plan)
        finally:
            self._described.clear()

    def drift(self, specs: Sequence[FieldSpec]) -> list[str]:
        """See `Crm.drift`."""
        return list(schema.drift(specs, self._properties))

    def plan_removal(self, created: Sequence[str], *, delete_data: bool) -> SchemaPlan:
        """See `Crm.plan_removal`."""
        return self._schema().plan_removal(created, delete_data=delete_data)

    def remove_schema(self, plan: SchemaPlan) -> None:
        """See `Crm.remove_schema`."""
        try:
            self._schema().remove(plan)
        finally:
            self._described.clear()

    def _schema(self) -> schema.Schema:
        return schema.Schema(self._client, self._fresh)

    def pull(self, kind: str, fields: Mapping[str, str], since: Since | None) -> Iterator[pa.RecordBatch]:
        """See `Crm.pull`."""
        return reading.batches(self._client, kind, tuple(fields), self._readings(kind, fields), since)

    def _readings(self, kind: str, fields: Mapping[str, str]) -> list[reading.Reading]:
        """What to ask each object behind a kind. Raises `SchemaMismatch` for a column that none of them has."""
        sources = self._sources(kind)
        if not sources:
            self._fresh(sources_of(kind)[0].name)  # says why
        several = len(sources) > 1
        found = [self._reading(source, kind, fields, several=several) for source in sources]
        for column, path in fields.items():
            if several and not any(column in each.answered for each in found):
                named(path, self._properties(sources[0].name), sources[0].name)
        return found

    def _reading(self, source: Source, kind: str, fields: Mapping[str, str], *, several: bool) -> reading.Reading:
        if source.name == "owners":
            for column, path in fields.items():
                if column != "id":
                    named(path, owners.PROPERTIES, "owners")
            return reading.Reading(source, {**fields, **({"id": "id"} if "id" in fields else {})})
        known = self._properties(source.name)
        properties, links = {}, {}
        for column, path in fields.items():
            if column in source.constants:
                continue
            if column == "id":  # the record's own, whatever property the map names
                properties[column] = ""
            elif link := _link(source.name, column, path):
                links[column] = link
            elif path in known or not several:
                entry = named(path, known, source.name)
                if column not in source.stages:
                    check_readable(entry, column, column_type(kind, column), source.name)
                properties[column] = path
        types = {name: type_of(known[name]) for name in properties.values() if name}
        stages = self._stages_of(source.name) if source.stages else {}
        ours = self._ours() if kind == "activity" else {}
        return reading.Reading(source, properties, links, types, stages, ours)

    def _ours(self) -> Mapping[str, str]:
        """Our app's id -> who we are."""
        me = self.identity().user_id
        # unverified: what an app made has the app's id as hs_object_source_id.
        return {self._app_id: me} if self._app_id else {}

    def _stages_of(self, name: str) -> pipelines.Stages:
        if name not in self._stages:
            self._stages[name] = pipelines.stages(self._client, name)
        return self._stages[name]

    def fetch(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Mapping[str, Scalar]]:
        """See `Crm.fetch`. Datetimes stay in HubSpot's text form."""
        name = carrier_of(kind)
        types = {field: type_of(named(field, self._properties(name), name)) for field in fields}
        found: dict[str, Mapping[str, Scalar]] = {}
        for some in portions(ids, BATCH):
            rows, reply = self._read(name, some, fields)
            silent = set(some) - set(rows)
            if silent and not reply.get("errors") and not set(rows) - set(some):
                # A record that a merge has made came once, for itself and for those it was made of.
                others, reply = self._read(name, sorted(silent), fields)
                if not others and not reply.get("errors"):
                    raise half_reply(self._client.host)
            self._require_gone(reply)
            for record_id in set(some) & set(rows):
                values = rows[record_id]
                found[record_id] = {field: to_scalar(values.get(field), types[field]) for field in fields}
        return found

    def _read(
        self, name: str, ids: Sequence[str], fields: Sequence[str]
    ) -> tuple[dict[str, Mapping[str, Any]], Mapping[str, Any]]:
        """What came, by the id it has now, and the whole reply."""
        body = {"properties": list(fields), "inputs": [{"id": record_id} for record_id in ids]}
        reply = self._client.post(self._client.paths.objects(name, "/batch/read"), body)
        return {str(row["id"]): row.get("properties") or {} for row in self._client.results(reply)}, reply

    def _require_gone(self, reply: Mapping[str, Any]) -> None:
        """A record that did not come is gone only if the reply speaks of records that were not found, or if another
        came in its place: the one that a merge has made of it."""
        told = [fault_of(entry) for entry in reply.get("errors") or ()]
        for fault in told:
            if "NOT_FOUND" not in fault.category:
                raise half_reply(self._client.host)

    def last_edits(self, kind: str, asked: Mapping[str, Collection[str]]) -> Mapping[tuple[str, str], Edit]:
        """See `TellsEdits.last_edits`."""
        self.identity()
        return edits.last(self._client, carrier_of(kind), self._app_id, asked)

    def holders(self, kind: str, field: str, value: str | None) -> int:
        """See `Crm.holders`."""
        held = searching.where(field, "HAS_PROPERTY") if value is None else searching.where(field, "EQ", value)
        return searching.total(self._client, carrier_of(kind), [held])

    def deleted(self, kind: str, since: datetime, held: Callable[[], int] | None = None) -> Iterator[str]:
        """See `Crm.deleted`. Who left stays an owner, archived."""
        names = [source.name for source in self._sources(kind) if source.name != "owners"]
        return gone.since(self._client, names, since, held)

    def push(self, kind: str, changes: Sequence[Change]) -> list[WriteResult]:
        """See `Crm.push`. Raises `Unavailable` with code NO_ANSWER or OUTCOME_UNKNOWN when nobody knows
        whether the records were saved: read them again before sending anything twice."""
        if not changes:
            return []
        if len(changes) > self.batch_size or len({change.record_id for change in changes}) < len(changes):
            raise ValueError(f"push takes up to {self.batch_size} records, each of them once")
        return writing.update(self._client, carrier_of(kind), changes)

    def count(self, kind: str, since: datetime | None = None) -> int:
        """See `BulkReads.count`."""
        return whole.count(self._client, self._bare(kind), since)

    def start_bulk_read(self, kind: str, fields: Mapping[str, str], since: datetime | None = None) -> str:
        """See `BulkReads.start_bulk_read`."""
        self._readings(kind, fields)
        return whole.start(self._client, self._bare(kind), since)

    def bulk_read_state(self, read: str) -> BulkState:
        return whole.DONE

    def bulk_read_until(self, read: str) -> datetime | None:
        return whole.until(read)

    def bulk_page(self, read: str, kind: str, fields: Mapping[str, str], place: str) -> BulkPage:
        """See `BulkReads.bulk_page`."""
        return whole.page(self._client, read, kind, tuple(fields), self._readings(kind, fields), place)

    def _bare(self, kind: str) -> list[reading.Reading]:
        return [reading.Reading(source, {}) for source in self._sources(kind)]

    def create_task(self, task: TaskSpec) -> str:
        """See `Crm.create_task`. The key stands at the end of the subject, in brackets."""
        return tasks.create(self._client, task, self._active)

    def change_task(self, task_id: str, task: TaskSpec, *, done: bool = False) -> bool:
        """See `ChangesTasks.change_task`."""
        return tasks.change(self._client, task_id, task, done=done)

    def preflight(self, written: Collection[str], own: Collection[str]) -> Preflight:
        """See `LooksAhead.preflight`."""
        return preflight.look(self._client, written, own, self._properties)

    def unreadable(self, kind: str, paths: Collection[str]) -> Mapping[str, str]:
        """See `LooksAhead.unreadable`. A property that one object of the kind has is enough."""
        found: dict[str, str] = {}
        for path in paths:
            ends = [self._dead_end(source, path) for source in self._sources(kind)]
            if ends and all(ends):
                found[path] = ends[0]
        return found

    def _dead_end(self, source: Source, path: str) -> str:
        """Why this path leads nowhere from this object; "" when it leads to a property or a record."""
        try:
            if _link(source.name, path, path) is None:
                named(path, self._properties(source.name), source.name)
        except AuthRevoked:
            raise
        except Fatal as error:
            return error.message
        return ""

    def record_url(self, kind: str, record_id: str) -> str:
        names = {"detail": COMPANIES}.get(kind)
        type_id = "0-2" if names else (sources_of(kind) or (Source(""),))[0].type_id
        return f"{self.identity().instance_url}/record/{type_id}/{record_id}"


def _link(source: str, column: str, path: str) -> Link | None:
    try:
        return link_of(source, path)
    except ValueError:
        raise SchemaMismatch(
            f"The path {path} for {column} leads nowhere from HubSpot's {source}.",
            next_step='Name a property, or a record that it belongs to, such as "companies.id".',
            code="INVALID_FIELD",
        ) from None
