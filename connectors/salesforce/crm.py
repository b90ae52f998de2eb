"""Salesforce as a `Crm`: reads by query, writes by sObject collections, fields through the Metadata API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
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
    SchemaStep,
    Since,
    TaskSpec,
    WriteResult,
)
from connectors.columns import column_type
from connectors.edits import Edit
from connectors.errors import AuthRevoked, Fatal, MissingScope, SchemaMismatch
from connectors.notifications import NotificationSpec
from connectors.preflight import Preflight
from connectors.rights import Rights
from connectors.salesforce import (
    bulk_reading,
    bulk_writing,
    detail,
    detail_records,
    drift,
    edits,
    notification_type,
    notifications,
    org_currency,
    pages,
    preflight,
    reading,
    removal,
    rights,
    schema,
    soql,
)
from connectors.salesforce.bulk import Jobs
from connectors.salesforce.client import Client
from connectors.salesforce.errors import half_reply, outcome_unknown, row_result
from connectors.salesforce.fields import Describe, check_readable, fields_of, resolve
from connectors.salesforce.ids import long_id
from connectors.salesforce.kinds import (
    CURRENCY,
    DEFAULTS,
    DETAIL,
    DETAIL_KEY,
    OWN_DEFAULTS,
    PAID_IN,
    SEVERAL_CURRENCIES,
    SOURCES,
    Source,
    only_source,
    sources_of,
)
from connectors.salesforce.metadata import MetadataApi
from connectors.salesforce.records import to_rest, to_scalar
from connectors.salesforce.sending import host_of
from connectors.salesforce.tasks import Tasks

#: Our writes must not re-run assignment rules (the default is TRUE), nor stop at a duplicate alert.
WRITE_HEADERS: Mapping[str, str] = {
    "Sforce-Auto-Assign": "FALSE",
    "Sforce-Duplicate-Rule-Header": "allowSave=true",
}


class Salesforce:
    """One Salesforce org. Not bound to a thread: the client's token renewal is locked."""

    name = "Salesforce"
    batch_size = 200  # sObject Collections take no more in one call
    fetch_size = 2000  # and read no more
    bulk_from = 20_000

    def __init__(self, client: Client) -> None:
        self._client = client
        self._describes: dict[str, Describe] = {}
        self._identity: Identity | None = None
        self._identity_link = ""
        self._objects: Mapping[str, str] = {}
        self._queryable: frozenset[str] | None = None

    @property
    def api_calls(self) -> int:
        return self._client.api_calls

    def close(self) -> None:
        self._client.close()

    def identity(self) -> Identity:
        if self._identity is None:
            # The version root names org and user in its identity link; SOQL needs no further OAuth scope.
            org_id, user_id = self._own_ids()
            org = self._one("Organization", ["Id", "Name"], org_id)
            user = self._one("User", ["Id", "Name", "Email"], user_id)
            self._identity = Identity(
                org_id=org_id,
                org_name=org["Name"],
                user_id=user_id,
                user_name=user["Name"],
                user_email=user.get("Email") or "",
                instance_url=self._client.address,
            )
        return self._identity

    def currency(self) -> str:
        """See `OneCurrency`."""
        return org_currency.currency(self._client)

    def server_time(self) -> datetime | None:
        return self._client.server_time

    def limits(self) -> Limits:
        if self._client.usage is None:
            daily = self._client.get("limits/")["DailyApiRequests"]
            return self._client.usage or Limits(used=daily["Max"] - daily["Remaining"], allowed=daily["Max"])
        return self._client.usage

    def kinds(self) -> Mapping[str, Mapping[str, str]]:
        """The kinds whose objects this org has and lets us query; without Orders, for example, no order."""
        queryable = self._queryable = self._now_queryable()
        for kind, name in self._objects.items():
            if name not in queryable:
                raise SchemaMismatch(
                    f"The model reads {kind.replace('_', ' ')} records from {name}, which the org does not have or the "
                    "integration user cannot see.",
                    next_step=f"Give the integration user read access to {name}, or correct the model: objects.",
                    code="NO_SUCH_OBJECT",
                )
        found: dict[str, Mapping[str, str]] = {}
        for kind in SOURCES:
            sources = self._sources(kind)
            if sources and all(source.name in queryable for source in sources):
                columns = OWN_DEFAULTS if kind in self._objects else DEFAULTS[kind]
                # unverified: an object of the company's own has CurrencyIsoCode, as standard objects do.
                several = SEVERAL_CURRENCIES in queryable and kind in PAID_IN
                found[kind] = {**columns, **CURRENCY} if several else columns
        return found

    def _now_queryable(self) -> frozenset[str]:
        """Objects that the org has and that we may read."""
        return frozenset(entry["name"] for entry in self._client.get("sobjects/")["sobjects"] if entry["queryable"])

    def use_objects(self, objects: Mapping[str, str]) -> None:
        """See `Crm.use_objects`."""
        self._objects = dict(objects)

    def _sources(self, kind: str) -> tuple[Source, ...]:
        """The objects behind a kind: one of the company's own, or Salesforce's, without those it may lack and does."""
        if kind in self._objects:
            return (Source(self._objects[kind], ""),)
        sources = sources_of(kind)
        if any(source.optional for source in sources):
            known = self._queryable = self._now_queryable() if self._queryable is None else self._queryable
            sources = tuple(each for each in sources if not each.optional or each.name in known)
        return sources

    def describe(self, kind: str) -> Mapping[str, Field]:
        """API field name -> field. A kind with several objects shows the fields of all of them."""
        fields: dict[str, Field] = {}
        for source in self._sources(kind):
            fields = {**fields_of(self._describe(source.name)), **fields}
        return fields

    def plan_schema(self, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec] = ()) -> SchemaPlan:
        """See `Crm.plan_schema`. Rules become validation rules, never the universal "required" of a field."""
        return self._schema().plan(specs, rules)

    def apply_schema(self, plan: SchemaPlan) -> None:
        try:
            self._schema().apply(plan)
        finally:
            self._describes.clear()

    def plan_pages(self, files: Mapping[str, bytes]) -> list[SchemaStep]:
        """See `HasPages.plan_pages`."""
        return pages.steps(MetadataApi(self._client), self._client, files)

    def apply_pages(self, files: Mapping[str, bytes]) -> None:
        """See `HasPages.apply_pages`."""
        pages.deploy(self._client, files)

    def drift(self, specs: Sequence[FieldSpec]) -> list[str]:
        """See `Crm.drift`."""
        known = {entry["name"] for entry in self._client.get("sobjects/")["sobjects"]} if detail.wanted(specs) else None
        return list(drift.drift(specs, lambda name: self._describe_of(name, known)))

    def _describe_of(self, name: str, known: Collection[str] | None) -> Describe:
        """What describe says of an object; no fields where the org does not have it. `known`: None for any."""
        return self._describe(name) if known is None or name in known else {"name": name, "fields": []}

    def plan_removal(self, created: Sequence[str], *, delete_data: bool) -> SchemaPlan:
        """See `Crm.plan_removal`."""
        return removal.plan(MetadataApi(self._client), created, delete_data=delete_data)

    def remove_schema(self, plan: SchemaPlan) -> None:
        """See `Crm.remove_schema`."""
        try:
            removal.remove(MetadataApi(self._client), self._client, plan)
        finally:
            self._describes.clear()

    def pull(self, kind: str, fields: Mapping[str, str], since: Since | None) -> Iterator[pa.RecordBatch]:
        """See `Crm.pull`. A row modified during the read is left to the next one, which starts before it."""
        return reading.batches(self._client, kind, tuple(fields), self._readings(kind, fields), since)

    def _readings(self, kind: str, fields: Mapping[str, str]) -> list[reading.Reading]:
        """What to ask each object behind a kind. Raises `SchemaMismatch` for a column that none of them has."""
        readings = [self._reading(source, kind, fields) for source in self._sources(kind)]
        if kind not in self._objects and len(readings) < len(sources_of(kind)):
            return readings  # columns of an object that the org may lack stay empty
        unanswered = [
            column
            for column in fields
            if not any(column in each.paths or column in each.source.constants for each in readings)
        ]
        if unanswered:
            # No object of the kind has the field: checking the first one again names it and its neighbour.
            self._check(readings[0].source, kind, unanswered[0], fields[unanswered[0]])
        return readings

    def fetch(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Mapping[str, Scalar]]:
        """See `Crm.fetch`. Keys are 18-character ids; datetimes stay in Salesforce's text form."""
        if kind == detail.KIND:
            types = {name: field.type for name, field in fields_of(self._describe(DETAIL)).items()}
            return detail_records.fetch(self._client, ids, fields, types)
        source = only_source(kind)
        described = self._describe(source.name)
        types = {name: (resolve(name, described, self._describe) or {}).get("type", "") for name in fields}
        found: dict[str, Mapping[str, Scalar]] = {}
        pending = iter(dict.fromkeys(long_id(record_id) for record_id in ids))
        while chunk := list(islice(pending, self.fetch_size)):
            body = {"ids": chunk, "fields": ["Id", *fields]}
            rows = self._client.send("POST", f"composite/sobjects/{source.name}", body, {}, repeatable=True)
            # In the order asked for, with null for a record that is gone.
            if not isinstance(rows, list) or len(rows) != len(chunk):
                raise half_reply(host_of(self._client.address))
            for row in rows:
                if row is not None:
                    found[row["Id"]] = {name: to_scalar(row.get(name), types[name]) for name in fields}
        return found

    def last_edits(self, kind: str, asked: Mapping[str, Collection[str]]) -> Mapping[tuple[str, str], Edit]:
        """See `TellsEdits.last_edits`."""
        return edits.last(self, kind, asked)

    def holders(self, kind: str, field: str, value: str | None) -> int:
        """See `Crm.holders`."""
        held = f"{field} != null" if value is None else f"{field} = {soql.literal(value)}"
        query = soql.number(only_source(kind).name, held)
        return int(self._client.query(query)["totalSize"])

    def deleted(self, kind: str, since: datetime, held: Callable[[], int] | None = None) -> Iterator[str]:
        """See `Crm.deleted`. The loser of a merge is deleted too. Salesforce keeps them 15 days."""

        for source in self._sources(kind):
            if not source.recycled:
                continue
            query = _deletions(source)
            for row in reading.rows(self._client, query, Since(since), include_deleted=True):
                yield row["Id"]

    def push(self, kind: str, changes: Sequence[Change]) -> list[WriteResult]:
        """See `Crm.push`. Raises `Unavailable` with code NO_ANSWER or OUTCOME_UNKNOWN when nobody knows
        whether the rows were saved: read them again before sending anything twice."""
        if not changes:
            return []
        sent = [long_id(change.record_id) for change in changes]
        if len(sent) > self.batch_size or len(set(sent)) < len(sent):
            raise ValueError(f"push takes up to {self.batch_size} records, each of them once")
        if kind == detail.KIND:
            return detail_records.push(self._client, changes, WRITE_HEADERS)
        source = only_source(kind)
        records = [
            {
                "attributes": {"type": source.name},
                "Id": record_id,
                **{name: to_rest(value) for name, value in change.values.items()},
            }
            for record_id, change in zip(sent, changes, strict=True)
        ]
        body = {"allOrNone": False, "records": records}
        replies = self._client.send("PATCH", "composite/sobjects", body, WRITE_HEADERS)
        # Failed rows carry no id, so position is all there is; a list of another length says nothing.
        if not isinstance(replies, list) or len(replies) != len(changes):
            raise outcome_unknown(host_of(self._client.address))
        return [
            self._result(change, record_id, reply)
            for change, record_id, reply in zip(changes, sent, replies, strict=True)
        ]

    def count(self, kind: str, since: datetime | None = None) -> int:
        """See `BulkReads.count`."""
        changed = soql.modified_since(since) if since else ""
        return sum(
            int(self._client.query(soql.number(source.name, changed))["totalSize"]) for source in self._sources(kind)
        )

    def start_bulk_read(self, kind: str, fields: Mapping[str, str], since: datetime | None = None) -> str:
        """See `BulkReads.start_bulk_read`."""
        return self._bulk_reads().start(self._readings(kind, fields), since)

    def bulk_read_state(self, read: str) -> BulkState:
        return self._bulk_reads().state(read)

    def bulk_read_until(self, read: str) -> datetime | None:
        return bulk_reading.until(read)

    def bulk_page(self, read: str, kind: str, fields: Mapping[str, str], place: str) -> BulkPage:
        """See `BulkReads.bulk_page`."""
        return self._bulk_reads().page(read, kind, tuple(fields), self._readings(kind, fields), place)

    def _bulk_reads(self) -> bulk_reading.BulkReads:
        return bulk_reading.BulkReads(self._client, self._types)

    def _types(self, wanted: reading.Reading) -> dict[str, str]:
        described = self._describe(wanted.source.name)
        return {
            path: (resolve(path, described, self._describe) or {}).get("type", "") for path in wanted.paths.values()
        }

    def open_load(self, kind: str) -> str:
        """See `BulkWrites.open_load`."""
        body = {"object": only_source(kind).name, "operation": "update", "contentType": "CSV", "lineEnding": "LF"}
        if kind == detail.KIND:
            body |= {"operation": "upsert", "externalIdFieldName": DETAIL_KEY}
        # unverified: whether a Bulk job honours the duplicate-rule header of the request that creates it.
        return Jobs(self._client, "ingest").create(body, WRITE_HEADERS)

    def fill_load(self, load: str, kind: str, changes: Sequence[Change]) -> None:
        """See `BulkWrites.fill_load`."""
        jobs = Jobs(self._client, "ingest")
        jobs.upload(load, bulk_writing.upload(changes, bulk_writing.keyed(kind)))
        jobs.close(load)

    def load_state(self, load: str) -> BulkState:
        return Jobs(self._client, "ingest").state(load)

    def load_results(self, load: str, kind: str, ended: BulkState, changes: Sequence[Change]) -> list[WriteResult]:
        """See `BulkWrites.load_results`."""
        jobs = Jobs(self._client, "ingest")
        succeeded, failed = (jobs.results(load, part).content for part in ("successfulResults", "failedResults"))
        if not bulk_writing.are_whole(ended, succeeded, failed):
            raise half_reply(host_of(self._client.address))
        return bulk_writing.outcomes(changes, succeeded, failed, bulk_writing.keyed(kind))

    def abort_load(self, load: str) -> None:
        Jobs(self._client, "ingest").abort(load)

    def create_task(self, task: TaskSpec) -> str:
        """See `Crm.create_task`."""
        return self._tasks().create(task)

    def change_task(self, task_id: str, task: TaskSpec, *, done: bool = False) -> bool:
        """See `ChangesTasks.change_task`."""
        return self._tasks().change(task_id, task, done=done)

    def _tasks(self) -> Tasks:
        return Tasks(self._client, lambda: self._own_ids()[1], WRITE_HEADERS)

    def preflight(self, written: Collection[str], own: Collection[str]) -> Preflight:
        """See `LooksAhead.preflight`."""
        return preflight.look(self._client, self._own_ids()[1], written, own)

    def unreadable(self, kind: str, paths: Collection[str]) -> Mapping[str, str]:
        """See `LooksAhead.unreadable`. A field that one object of the kind has is enough.

        What lies behind a relationship to several objects is not looked at.
        """
        found: dict[str, str] = {}
        for path in paths:
            ends = [self._dead_end(source, path) for source in self._sources(kind)]
            if all(ends):
                found[path] = ends[0]
        return found

    def _dead_end(self, source: Source, path: str) -> str:
        """Why this path leads nowhere from this object; "" when it leads to a field."""
        try:
            resolve(path, self._describe(source.name), self._describe)
        except AuthRevoked:
            raise
        except Fatal as error:
            return error.message
        return ""

    def rights(self, user_id: str, kind: str, record_ids: Sequence[str], fields: Collection[str]) -> Rights:
        """See `TellsRights.rights`."""
        return rights.rights(self._client, user_id, only_source(kind).name, record_ids, fields)

    def plan_notifications(self) -> SchemaStep:
        """See `SendsNotifications.plan_notifications`."""
        return notification_type.step(MetadataApi(self._client))

    def apply_notifications(self) -> None:
        """See `SendsNotifications.apply_notifications`."""
        notification_type.apply(MetadataApi(self._client))

    def notify(self, notification: NotificationSpec) -> None:
        """See `SendsNotifications.notify`."""
        notifications.send(self._client, notification)

    def record_url(self, kind: str, record_id: str) -> str:
        sources = self._sources(kind)
        name = next((each.name for each in sources if record_id.startswith(each.key_prefix)), sources[0].name)
        return f"{self._client.address}/lightning/r/{name}/{record_id}/view"

    def _schema(self) -> schema.Schema:
        return schema.Schema(MetadataApi(self._client), self._client, self._fresh_describe, self._own_ids)

    def _own_ids(self) -> tuple[str, str]:
        """Ids of the org and of the user we are."""
        if not self._identity_link:
            self._identity_link = self._client.get("")["identity"]
        org_id, user_id = self._identity_link.rstrip("/").rsplit("/", 2)[-2:]
        return long_id(org_id), long_id(user_id)

    def _one(self, name: str, fields: Sequence[str], record_id: str) -> dict[str, Any]:
        query = soql.select(fields, name, f"Id = {soql.literal(record_id)}")
        records: list[dict[str, Any]] = self._client.query(query)["records"]
        if not records:
            raise MissingScope(
                f"The integration user cannot see its own {name} record.",
                next_step=f"Give the integration user read access to {name}.",
            )
        return records[0]

    def _all(self, query: str) -> Iterator[dict[str, Any]]:
        page = self._client.query(query)
        yield from page["records"]
        while not page.get("done", True):
            page = self._client.more(page["nextRecordsUrl"])
            yield from page["records"]

    def _describe(self, name: str) -> Describe:
        if name not in self._describes:
            self._describes[name] = self._fresh_describe(name)
        return self._describes[name]

    def _fresh_describe(self, name: str) -> Describe:
        described: Describe = self._client.get(f"sobjects/{name}/describe/")
        return described

    def _reading(self, source: Source, kind: str, fields: Mapping[str, str]) -> reading.Reading:
        """Which of the mapped fields this object has. Only a kind of several objects may lack some."""
        several = kind not in self._objects and len(sources_of(kind)) > 1
        paths: dict[str, str] = {}
        for column, path in fields.items():
            if column in source.constants:
                continue
            try:
                self._check(source, kind, column, path)
            except SchemaMismatch as error:
                if several and error.code == "INVALID_FIELD":
                    continue
                raise
            paths[column] = path
        return reading.Reading(source, paths)

    def _check(self, source: Source, kind: str, column: str, path: str) -> None:
        described = self._describe(source.name)
        entry = resolve(path, described, self._describe)
        check_readable(entry, column, column_type(kind, column), source.name)

    def _result(self, change: Change, sent: str, reply: Mapping[str, Any]) -> WriteResult:
        if not reply.get("success"):
            return row_result(change.record_id, reply.get("errors") or [])
        if long_id(reply["id"]) != sent:
            raise outcome_unknown(host_of(self._client.address))
        return WriteResult(record_id=change.record_id, ok=True)


def _deletions(source: Source) -> Callable[[Since | None], str]:
    def query(start: Since | None) -> str:
        return soql.window(["Id", "SystemModstamp"], source.name, start, None, "IsDeleted = true")

    return query
