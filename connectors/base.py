"""The `Crm` port: what every CRM connector offers, and the values that cross it.

Words are neutral (kind, column); each connector translates them to its CRM's objects and fields. Columns of
the kinds are listed in `COLUMNS`; money crosses as `decimal128(18, 4)`, dates as `date32`, instants as
`timestamp("us", tz="UTC")`, everything else as string, bool, int64 or float64. A missing value is null, and an
empty string from a CRM is null too, so that a value is equal whichever API it came through.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol, runtime_checkable

import pyarrow as pa

MONEY = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us", tz="UTC")
TEXT, FLAG, DAY, NUMBER, WHOLE = pa.string(), pa.bool_(), pa.date32(), pa.float64(), pa.int64()

Scalar = str | float | int | bool | date | None

#: Canonical columns per kind. `id` is the key everywhere; `modified_at` drives incremental reads.
COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "account": {
        "id": TEXT, "name": TEXT, "owner_id": TEXT, "parent_id": TEXT, "type": TEXT, "industry": TEXT,
        "country": TEXT, "annual_revenue": MONEY, "employees": WHOLE, "currency": TEXT,
        "external_id": TEXT, "website": TEXT, "created_at": INSTANT, "modified_at": INSTANT, "modified_by_id": TEXT,
    },
    "user": {
        "id": TEXT, "name": TEXT, "email": TEXT, "is_active": FLAG, "manager_id": TEXT, "username": TEXT,
        "time_zone": TEXT, "modified_at": INSTANT,
    },
    "product": {
        "id": TEXT, "name": TEXT, "code": TEXT, "family": TEXT, "cost": MONEY, "is_active": FLAG,
        "modified_at": INSTANT,
    },
    "order": {
        "id": TEXT, "account_id": TEXT, "number": TEXT, "status": TEXT, "ordered_on": DAY, "amount": MONEY,
        "freight": MONEY, "is_expedited": FLAG, "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "order_line": {
        "id": TEXT, "order_id": TEXT, "product_id": TEXT, "quantity": NUMBER, "amount": MONEY, "cost": MONEY,
        "discount": MONEY, "freight": MONEY, "modified_at": INSTANT,
    },
    "opportunity": {
        "id": TEXT, "account_id": TEXT, "name": TEXT, "owner_id": TEXT, "stage": TEXT, "is_won": FLAG,
        "is_closed": FLAG, "amount": MONEY, "closes_on": DAY, "created_on": DAY, "product_name": TEXT,
        "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "ticket": {
        "id": TEXT, "account_id": TEXT, "priority": TEXT, "status": TEXT, "is_closed": FLAG,
        "opened_on": DAY, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "activity": {
        "id": TEXT, "account_id": TEXT, "activity_type": TEXT, "happened_on": DAY, "created_by_id": TEXT,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    "contract": {
        "id": TEXT, "account_id": TEXT, "status": TEXT, "starts_on": DAY, "ends_on": DAY,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    "invoice": {
        "id": TEXT, "account_id": TEXT, "issued_on": DAY, "due_on": DAY, "paid_on": DAY, "amount": MONEY,
        "is_disputed": FLAG, "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "return": {
        "id": TEXT, "account_id": TEXT, "returned_on": DAY, "amount": MONEY, "currency": TEXT,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    # The ERP's customer master: its own id, and the account of the CRM that it belongs to.
    "customer": {
        "id": TEXT, "account_id": TEXT, "name": TEXT, "country": TEXT, "industry": TEXT, "currency": TEXT,
        "external_id": TEXT, "vat_id": TEXT, "is_blocked": FLAG, "modified_at": INSTANT,
    },
    # Units of a currency for one of the base; without a row that is_base, the base is the model's currency.
    "rate": {
        "id": TEXT, "currency": TEXT, "starts_on": DAY, "ends_on": DAY, "rate": NUMBER, "is_base": FLAG,
        "modified_at": INSTANT,
    },
    # Who works where, and which accounts belong there. They say who hears of something, and change no figure.
    "territory": {"id": TEXT, "name": TEXT, "state": TEXT, "modified_at": INSTANT},
    "territory_user": {
        "id": TEXT, "territory_id": TEXT, "user_id": TEXT, "role": TEXT, "is_active": FLAG, "modified_at": INSTANT,
    },
    "territory_account": {"id": TEXT, "territory_id": TEXT, "account_id": TEXT, "modified_at": INSTANT},
    "detail": {"id": TEXT, "account_id": TEXT, "key": TEXT, "modified_at": INSTANT},
}  # fmt: skip

FieldType = Literal["picklist", "text", "long_text", "date", "number", "checkbox"]


@dataclass(frozen=True)
class PicklistValue:
    """One entry of a picklist. `key` never changes (the API name); `label` may."""

    key: str
    label: str
    parents: tuple[str, ...] = ()  # keys of the controlling field for which this value is valid
    active: bool = True


@dataclass(frozen=True)
class FieldSpec:
    """A field we want to exist.

    Attributes:
        kind: the record kind that carries it, e.g. "account".
        name: the field's API name in this CRM, e.g. "Tierline_Tier__c".
        values: picklist entries in order. `value_set` names the global list they live in.
        controller: API name of the field that this picklist depends on.
        people_edit: whether people choose this value; what a machine keeps, they only read.
        key: whether records are found by this value; no two have the same.
        converts_to: of a field of leads, the account's field that takes its value when a lead is converted.
    """

    kind: str
    name: str
    label: str
    type: FieldType
    help: str = ""
    length: int = 0
    precision: int = 0
    scale: int = 0
    values: tuple[PicklistValue, ...] = ()
    value_set: str = ""
    controller: str = ""
    people_edit: bool = False
    converts_to: str = ""
    key: bool = False


@dataclass(frozen=True)
class Field:
    """A field as the CRM describes it today. `derived` fields are kept by the CRM itself: formulas, stamps, parts."""

    name: str
    label: str
    type: str
    updateable: bool
    derived: bool = False
    required: bool = False
    length: int = 0
    custom: bool = False
    values: tuple[PicklistValue, ...] = ()
    restricted: bool = False
    controller: str = ""


@dataclass(frozen=True)
class RuleSpec:
    """A rule that refuses to save a record without values; never on just any edit.

    It looks only when a record is created or one of `on_change_of` changes, and lets through whoever may bypass it.

    Attributes:
        kind: the record kind it watches. For "opportunity" the fields are those of its account.
        fields: API names of fields that must not be empty.
        only: field -> values of the records meant; empty for all.
        since: first day on which it refuses.
        active: False to have it there, switched off.
        note: why it is not active, in a plan's words.
    """

    kind: str
    name: str
    fields: tuple[str, ...]
    on_change_of: tuple[str, ...]
    message: str
    only: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    since: date | None = None
    active: bool = True
    note: str = ""


@dataclass(frozen=True)
class SchemaStep:
    """One line of a plan. `sign`: "+" create, "~" change, "-" delete, "=" unchanged, "!" needs a decision.

    `creates` names the components that come into being, in the CRM's own terms: what may be removed again.
    """

    sign: Literal["+", "~", "-", "=", "!"]
    target: str  # what a person would look for, e.g. "Account.Tierline_Tier__c"
    detail: str
    spec: FieldSpec | None = None
    rule: RuleSpec | None = None
    creates: tuple[str, ...] = ()


@dataclass(frozen=True)
class SchemaPlan:
    """What `apply_schema` would do. Values that are not ours are kept and counted in `foreign`.

    `notes` are sentences that a person who decides on the plan should read too.
    """

    steps: tuple[SchemaStep, ...]
    foreign: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    other_fields: int = 0
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[SchemaStep, ...]:
        return tuple(step for step in self.steps if step.sign in "+~-")


@dataclass(frozen=True)
class Change:
    """New values for one record, by API field name. None clears a field.

    A record of kind "detail" goes by the id of its account: it is made when it is not there yet, and taken away
    with `remove`. `parent_id` is the account it hangs on, where that is another.
    """

    record_id: str
    values: Mapping[str, Scalar]
    remove: bool = False
    parent_id: str = ""


@dataclass(frozen=True)
class WriteResult:
    """What became of one `Change`: accepted, or refused with the CRM's code and a sentence to read.

    `retryable`: the same row may be accepted if sent again (a lock, for example).
    """

    record_id: str
    ok: bool
    code: str = ""
    message: str = ""
    next_step: str = ""
    fields: tuple[str, ...] = ()
    retryable: bool = False


@dataclass(frozen=True)
class Limits:
    """API use of the last 24 hours, as the CRM reports it (approximate)."""

    used: int
    allowed: int


@runtime_checkable
class OneCurrency(Protocol):
    """Capability: a CRM whose amounts may all be in one currency, which no record names."""

    def currency(self) -> str:
        """Its code, for records that name none; "" where every record says its own."""


@dataclass(frozen=True)
class Identity:
    """Who we are in the CRM, and where."""

    org_id: str
    org_name: str
    user_id: str
    user_name: str
    user_email: str
    instance_url: str


@dataclass(frozen=True)
class TaskSpec:
    """A to-do for a person in the CRM. `key` finds it again after an unknown outcome.

    With `first_attempt` the caller vouches that it never tried before, which spares looking for it.
    """

    key: str
    owner_id: str
    subject: str
    body: str
    due_on: date
    record_id: str = ""
    first_attempt: bool = False


@dataclass(frozen=True)
class Since:
    """Where a read starts: everything modified at or after this instant.

    With `after_id` the read continues behind the last row seen: rows of the same instant with a greater id,
    then all later ones. Many rows of a bulk load share one instant, so the instant alone cannot continue.
    """

    modified_at: datetime
    after_id: str = ""


@dataclass(frozen=True)
class BulkState:
    """How far a bulk job is. `gone`: the CRM does not know it any more."""

    phase: Literal["open", "busy", "done", "failed", "gone"]
    processed: int = 0
    failed: int = 0
    message: str = ""


@dataclass(frozen=True)
class BulkPage:
    """Rows of a bulk read, in no order, and where the next page is; "" after the last."""

    rows: pa.RecordBatch
    next_place: str


@dataclass(frozen=True)
class Pace:
    """At most so many requests within so many seconds, whichever they are. `name` tells one pace from another."""

    name: str
    requests: int
    seconds: float


class Budget(Protocol):
    """How many requests a connector may send. Shared by everybody who talks to the same org."""

    def call(self, paces: Sequence[Pace] = ()) -> AbstractContextManager[None]:
        """Around each request, which waits until all these paces allow it.

        Raises `RateLimited` before it is sent when the budget is used up.
        """

    def observe(self, limits: Limits) -> None:
        """What the CRM said about its own limit."""


class Crm(Protocol):
    """One CRM org. Every method may raise `connectors.errors.Fatal` or `Retryable`."""

    name: str

    @property
    def api_calls(self) -> int:
        """Requests sent through this object so far."""

    def identity(self) -> Identity: ...

    def server_time(self) -> datetime | None:
        """The org's clock as its last reply told it; None before the first."""

    def limits(self) -> Limits: ...

    def use_objects(self, objects: Mapping[str, str]) -> None:
        """From now on read these kinds from objects of the company's own: kind -> API name."""

    def kinds(self) -> Mapping[str, Mapping[str, str]]:
        """Kinds this org can deliver -> its default column -> CRM field path."""

    def describe(self, kind: str) -> Mapping[str, Field]:
        """API field name -> field."""

    def plan_schema(self, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec] = ()) -> SchemaPlan: ...

    def apply_schema(self, plan: SchemaPlan) -> None: ...

    def drift(self, specs: Sequence[FieldSpec]) -> list[str]:
        """How the org differs from what is relied on, a sentence per field that names both sides.

        Told from what any user sees, so it needs no right to change the org.
        """

    def plan_removal(self, created: Sequence[str], *, delete_data: bool) -> SchemaPlan:
        """What taking away would do. `created` are the components our own plans created; no other is touched."""

    def remove_schema(self, plan: SchemaPlan) -> None:
        """Take away what the plan says. Components that are gone already are no error."""

    def pull(self, kind: str, fields: Mapping[str, str], since: Since | None) -> Iterator[pa.RecordBatch]:
        """Pages of records, ordered by (modified_at, id), schema = the columns asked for. A longer id is a later one.

        `fields` maps column -> CRM field path. Columns of `COLUMNS` have their canonical type; any other
        column is delivered as text.
        """

    def fetch(self, kind: str, ids: Sequence[str], fields: Sequence[str]) -> Mapping[str, Mapping[str, Scalar]]:
        """Current values by record id and API field name. Records that no longer exist are absent.

        Any number of ids; one request reads `fetch_size` of them.
        """

    def holders(self, kind: str, field: str, value: str | None) -> int:
        """How many records of a kind hold this picklist value; None: any value."""

    def deleted(self, kind: str, since: datetime, held: Callable[[], int] | None = None) -> Iterable[str]:
        """Ids of records deleted (or merged away) since. `held`: how many the caller, who has read what changed, holds
        without those named so far; a CRM's long list of deletions is read only while that is too many."""

    def push(self, kind: str, changes: Sequence[Change]) -> list[WriteResult]:
        """Update up to `batch_size` records; one result per change, in order. Rows fail as data."""

    def create_task(self, task: TaskSpec) -> str:
        """Create the to-do unless one with this key exists; returns its id.

        Raises `Fatal` if the owner cannot receive tasks.
        """

    @property
    def batch_size(self) -> int: ...

    @property
    def fetch_size(self) -> int:
        """Records that one request of `fetch` reads."""

    def record_url(self, kind: str, record_id: str) -> str: ...


@runtime_checkable
class BulkReads(Protocol):
    """Capability: whole kinds read page by page in no order, by a job of the CRM or straight from its lists."""

    @property
    def bulk_from(self) -> int:
        """Records from which a kind is better read this way."""

    def count(self, kind: str, since: datetime | None = None) -> int:
        """About how many records of this kind there are, or were modified since."""

    def start_bulk_read(self, kind: str, fields: Mapping[str, str], since: datetime | None = None) -> str:
        """Begin to read all records, or those modified since; returns a text from which any process goes on."""

    def bulk_read_state(self, read: str) -> BulkState: ...

    def bulk_read_until(self, read: str) -> datetime | None:
        """The instant up to which the read is complete; None when there was no record."""

    def bulk_page(self, read: str, kind: str, fields: Mapping[str, str], place: str) -> BulkPage:
        """The page at a place, "" for the first. Pages can be read again."""


@runtime_checkable
class BulkWrites(Protocol):
    """Capability: many updates uploaded as one job. Its id is known before anything is uploaded."""

    def open_load(self, kind: str) -> str:
        """A new job, empty."""

    def fill_load(self, load: str, kind: str, changes: Sequence[Change]) -> None:
        """Upload these changes, once, and let the CRM begin."""

    def load_state(self, load: str) -> BulkState: ...

    def load_results(self, load: str, kind: str, ended: BulkState, changes: Sequence[Change]) -> list[WriteResult]:
        """One result per change, in order, of a job in this last state. Raises `Unavailable` for half a list."""

    def abort_load(self, load: str) -> None:
        """Give up a job that is still open."""


@runtime_checkable
class ChangesTasks(Protocol):
    """Capability: a to-do of ours can be changed after it was made."""

    def change_task(self, task_id: str, task: TaskSpec, *, done: bool = False) -> bool:
        """Give it this subject, body and date, and complete it when `done`.

        False when it is completed or deleted already: then it stays as it is.
        """


@dataclass(frozen=True)
class ChangeEvent:
    """Records of one kind changed. What changed is not said: it is read from the CRM when its turn comes.

    A gap event stands for changes whose details the CRM could not keep; it is no different here.
    """

    kind: str
    record_ids: tuple[str, ...]
    gap: bool = False


@dataclass(frozen=True)
class Events:
    """What happened after a position.

    Attributes:
        position: where the next question starts; opaque.
        lost: the CRM no longer has everything after the position that was asked for (it keeps events some days).
    """

    events: tuple[ChangeEvent, ...]
    position: str
    lost: bool = False


@runtime_checkable
class EventSource(Protocol):
    """Capability: the CRM tells what changed."""

    def events(self, after: str) -> Events:
        """Everything that happened after this position, "" for from now on."""
