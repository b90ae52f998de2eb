"""The `Crm` port: what every connector offers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import pyarrow as pa

from connectors.base.budget import Limits
from connectors.base.columns import Scalar
from connectors.base.records import Change, Since, WriteResult
from connectors.base.schema import Field, FieldSpec, RuleSpec, SchemaPlan
from connectors.base.tasks import TaskSpec


@dataclass(frozen=True)
class Identity:
    """Who we are in the CRM, and where."""

    org_id: str
    org_name: str
    user_id: str
    user_name: str
    user_email: str
    instance_url: str


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
