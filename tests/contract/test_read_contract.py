"""Reading a CRM: everything once and in order, then only what changed, and what was deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from connectors.base import COLUMNS, Crm, Since
from connectors.errors import SchemaMismatch
from tests.contract.ground import Ground


def pull(crm: Crm, since: Since | None = None) -> list[dict[str, Any]]:
    fields = crm.kinds()["account"]
    return [row for batch in crm.pull("account", fields, since) for row in batch.to_pylist()]


def order(rows: list[dict[str, Any]]) -> list[tuple[datetime, int, str]]:
    """Places of the rows: ids may be numbers, which grow longer."""
    return [(row["modified_at"], len(row["id"]), row["id"]) for row in rows]


def test_a_full_read_delivers_every_record_once_in_order(ground: Ground, crm: Crm) -> None:
    names = [f"Company {number:05}" for number in range(ground.page + 105)]
    ids = ground.add_accounts(names)
    ground.heal()
    rows = pull(crm)
    assert ground.requests("read") > 2
    assert {row["id"]: row["name"] for row in rows} == dict(zip(ids, names, strict=True))
    assert len(rows) == len(ids)
    assert order(rows) == sorted(order(rows))


def test_batches_have_the_columns_asked_for_in_canonical_types(ground: Ground, crm: Crm) -> None:
    ground.add_accounts(["Typed Ltd"])
    fields = crm.kinds()["account"]
    batch = next(iter(crm.pull("account", fields, None)))
    assert batch.schema.names == list(fields)
    assert {name: batch.schema.field(name).type for name in fields} == {
        name: COLUMNS["account"][name] for name in fields
    }


def test_an_incremental_read_starts_behind_the_last_row(ground: Ground, crm: Crm) -> None:
    ids = ground.add_accounts(["One", "Two", "Three"])
    last = pull(crm)[-1]
    since = Since(last["modified_at"], last["id"])
    assert pull(crm, since) == []
    ground.edit(ids[0], {ground.note: "changed by a person"})
    (new,) = ground.add_accounts(["Four"])
    assert {row["id"] for row in pull(crm, since)} == {ids[0], new}


def test_a_read_continues_within_one_instant(ground: Ground, crm: Crm) -> None:
    ground.add_accounts([f"Twin {number}" for number in range(6)])
    rows = pull(crm)
    middle = rows[-4]
    assert order(pull(crm, Since(middle["modified_at"], middle["id"]))) == order(rows)[-3:]
    assert {row["id"] for row in pull(crm, Since(middle["modified_at"]))} >= {row["id"] for row in rows[-4:]}


def test_deleted_records_are_told_and_no_longer_read(ground: Ground, crm: Crm) -> None:
    stays, goes = ground.add_accounts(["Stays", "Goes"])
    start = pull(crm)[-1]["modified_at"]
    assert goes not in crm.deleted("account", start)
    ground.delete(goes)
    assert list(crm.deleted("account", start)) == [goes]
    assert {stays, goes} & {row["id"] for row in pull(crm)} == {stays}
    assert set(crm.fetch("account", [stays, goes], [ground.note])) == {stays}


def test_an_unknown_field_is_refused_by_name(crm: Crm) -> None:
    with pytest.raises(SchemaMismatch, match="Nowhere__c"):
        list(crm.pull("account", {"id": "Id", "name": "Nowhere__c"}, None))


def test_the_connection_says_who_and_where_it_is(ground: Ground, crm: Crm) -> None:
    identity = crm.identity()
    assert identity.user_id == ground.user_id
    assert identity.org_name
    assert identity.instance_url in crm.record_url("account", "001000000000001AAA")
    before = crm.api_calls
    limits = crm.limits()
    assert 0 < limits.used < limits.allowed
    pull(crm)
    assert crm.api_calls > before


def test_the_crm_tells_its_own_time(crm: Crm) -> None:
    """Reading starts from it: what this machine's clock says is nothing to the CRM."""
    assert crm.server_time() is None
    crm.identity()
    told = crm.server_time()
    assert told is not None
    assert told.tzinfo is not None
