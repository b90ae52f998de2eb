"""Jobs that read or write many records: the same values and outcomes as one by one, and any process goes on."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyarrow as pa
import pytest

from connectors.base import BulkReads, BulkState, BulkWrites, Change, Crm
from tests.contract.ground import Ground


@pytest.fixture
def reads(crm: Crm) -> BulkReads:
    if not isinstance(crm, BulkReads):
        pytest.skip(f"{crm.name} has no bulk reads")
    return crm


@pytest.fixture
def writes(crm: Crm) -> BulkWrites:
    if not isinstance(crm, BulkWrites):
        pytest.skip(f"{crm.name} has no bulk writes")
    return crm


def ended(ask: Callable[[str], BulkState], job: str) -> BulkState:
    """The last state of a job, asked for again and again."""
    for _ in range(200):
        state = ask(job)
        if state.phase not in ("open", "busy"):
            return state
        time.sleep(0.05)
    raise AssertionError("the job does not end")


def all_pages(reads: BulkReads, kind: str, fields: dict[str, str]) -> pa.Table:
    read = reads.start_bulk_read(kind, fields)
    assert ended(reads.bulk_read_state, read).phase == "done"
    pages, place = [], ""
    while True:
        page = reads.bulk_page(read, kind, fields, place)
        pages.append(page.rows)
        place = page.next_place
        if not place:
            return pa.Table.from_batches(pages).sort_by("id")


def test_every_kind_reads_the_same_in_bulk_as_by_pages(installed: Ground, crm: Crm, reads: BulkReads) -> None:
    installed.add_accounts([f'Bulk {number}, "quoted"\nand broken' for number in range(20)])
    for kind, defaults in crm.kinds().items():
        fields = dict(defaults)
        if kind == "account":
            fields |= {"own": installed.score.name, "note": installed.note}
        slow = pa.Table.from_batches(
            list(crm.pull(kind, fields, None)),
            schema=all_pages(reads, kind, fields).schema,
        ).sort_by("id")
        assert all_pages(reads, kind, fields).equals(slow), kind


def test_a_bulk_read_tells_up_to_when_it_is_complete(installed: Ground, crm: Crm, reads: BulkReads) -> None:
    (record,) = installed.add_accounts(["Newest"])
    fields = dict(crm.kinds()["account"])
    until = reads.bulk_read_until(reads.start_bulk_read("account", fields))
    newest = max(row for batch in crm.pull("account", fields, None) for row in batch.column("modified_at").to_pylist())
    assert until == newest
    assert reads.count("account") >= 1
    assert record


def test_rows_of_a_load_have_one_outcome_each_in_order(installed: Ground, crm: Crm, writes: BulkWrites) -> None:
    ids = installed.add_accounts([f"Loaded {number}" for number in range(6)])
    installed.delete(ids[4])
    changes = [
        Change(ids[0], {installed.reason.name: 'A, "b"\nc'}),
        Change(ids[1], {installed.segment.name: "nonsense"}),
        Change(ids[2], {installed.segment.name: installed.segment.values[0].key, installed.score.name: 1.5}),
        Change(ids[3], {installed.score.name: None}),
        Change(ids[4], {installed.reason.name: "gone"}),
        Change(ids[5], {installed.reason.name: "x" * 300}),
    ]
    crm.push("account", [Change(ids[3], {installed.score.name: 7.0, installed.reason.name: "kept"})])
    load = writes.open_load("account")
    assert writes.load_state(load).phase == "open"
    writes.fill_load(load, "account", changes)
    last = ended(writes.load_state, load)
    assert last.phase == "done"
    results = writes.load_results(load, "account", last, changes)
    assert [result.record_id for result in results] == ids
    assert [result.ok for result in results] == [True, False, True, True, False, False]
    refused = [result for result in results if not result.ok]
    assert all(result.code and result.message and result.next_step for result in refused)
    assert not any(result.retryable for result in refused)
    assert installed.values(ids[0])[installed.reason.name] == 'A, "b"\nc'
    assert installed.values(ids[2])[installed.score.name] == 1.5
    assert installed.values(ids[3])[installed.score.name] is None
    assert installed.values(ids[3])[installed.reason.name] == "kept"
    assert all(installed.values(record)[installed.note] == "theirs" for record in ids if record != ids[4])


def test_a_load_refuses_a_row_with_the_code_a_single_write_has(installed: Ground, crm: Crm, writes: BulkWrites) -> None:
    (record,) = installed.add_accounts(["Refused"])
    change = Change(record, {installed.segment.name: "nonsense"})
    (alone,) = crm.push("account", [change])
    load = writes.open_load("account")
    writes.fill_load(load, "account", [change])
    (bulk,) = writes.load_results(load, "account", ended(writes.load_state, load), [change])
    assert (bulk.code, bulk.retryable) == (alone.code, alone.retryable)


def test_an_open_load_can_be_given_up_by_another_connection(installed: Ground, writes: BulkWrites) -> None:
    load = writes.open_load("account")
    other = installed.connect()
    assert isinstance(other, BulkWrites)
    other.abort_load(load)
    assert writes.load_state(load).phase == "failed"


def test_a_load_nobody_knows_is_gone(writes: BulkWrites) -> None:
    assert writes.load_state("750000000000001AAA").phase == "gone"
