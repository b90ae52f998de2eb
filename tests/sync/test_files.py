"""Business files in the mirror: matched to accounts, replaced as a whole, kept when a file cannot be read."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from connectors.errors import BadInput
from sync import mirror
from sync.models import Connection, Match, Portfolio
from sync.reading import files, rates, touched
from tests.scoring.frames import default

MAPPING = """
sources:
  - kind: order
    path: orders.csv
    columns: {id: number, ordered_on: day, amount: amount}
    account: {external_id: customer, name: company}
"""
ACCOUNTS = pa.table(
    {"id": ["001A", "001B"], "name": ["Acme Pumps Ltd", "Bolt & Sons"], "external_id": ["000417", None]}
)
HEAD = "number,day,amount,customer,company\n"


@pytest.fixture
def erp(tmp_path: Path, db: None, settings: Any) -> Connection:
    settings.HOME = tmp_path
    (tmp_path / "mirror").mkdir()
    (tmp_path / "erp.yaml").write_text(MAPPING)
    portfolio = Portfolio.objects.create(name="test")
    connection = Connection(portfolio=portfolio, name="erp", kind=Connection.FILES)
    connection.settings = {"mapping": str(tmp_path / "erp.yaml")}
    connection.save()
    columns = {"id": "Id", "name": "Name", "external_id": "AccountNumber"}
    with mirror.writing(portfolio.pk) as copy:
        copy.cursor("crm", "account", columns)
        end = mirror.Cursor(datetime(2026, 11, 1, tzinfo=UTC), "001B", complete=True)
        copy.absorb("crm", "account", ACCOUNTS, cursor=end)
    return connection


def read(erp: Connection, orders: str) -> list[tuple[Any, ...]]:
    (Path(erp.settings["mapping"]).parent / "orders.csv").write_text(HEAD + orders)
    with mirror.writing(erp.portfolio_id) as copy:
        files.pull(copy, erp, "order")
        return copy.select("order", "id", "account_id", "amount")


def test_rows_find_their_account_by_external_id_and_money_is_exact(erp: Connection) -> None:
    assert read(erp, "1,2026-05-01,10.0001,417,\n2,2026-05-02,5,999,Nobody\n") == [
        ("1", "001A", 100_001),
        ("2", None, 50_000),
    ]
    assert "matched by id" in erp.last_read["order"]
    assert "not matched" in erp.last_read["order"]


def test_a_similar_name_waits_for_a_person_and_counts_once_confirmed(erp: Connection, tmp_path: Path) -> None:
    rows = "1,2026-05-01,10,,Bolt and Sons Inc.\n"
    assert read(erp, rows) == [("1", None, 100_000)]
    review = tmp_path / "erp-account-review.csv"
    assert str(review) in erp.last_read["order"]
    lines = review.read_text(encoding="utf-8-sig").splitlines()
    review.write_text("\n".join([lines[0], lines[1] + "yes"]) + "\n")
    assert read(erp, rows) == [("1", "001B", 100_000)]


def test_customers_of_the_erp_lie_beside_the_accounts_they_belong_to(erp: Connection, tmp_path: Path) -> None:
    (tmp_path / "erp.yaml").write_text(
        MAPPING
        + """
  - kind: customer
    path: customers.csv
    columns: {id: number, name: name, country: land, vat_id: vat, is_blocked: {column: lock, values: {X: "true"}}}
    account: {external_id: number}
"""
    )
    (tmp_path / "customers.csv").write_text("number,name,land,vat,lock\n417,ACME PUMPS,GB,GB1,X\n999,Nobody,SE,,\n")
    with mirror.writing(erp.portfolio_id) as copy:
        files.pull(copy, erp, "customer")
        found = copy.select("customer", "id", "account_id", "country", "vat_id", "is_blocked")
    assert found == [("417", "001A", "GB", "GB1", True), ("999", None, "SE", None, None)]


def test_what_left_the_file_leaves_the_mirror(erp: Connection) -> None:
    read(erp, "1,2026-05-01,10,417,\n2,2026-05-02,5,417,\n")
    assert read(erp, "2,2026-05-02,6,417,\n") == [("2", "001A", 60_000)]


def test_a_file_that_cannot_be_read_changes_nothing(erp: Connection) -> None:
    before = read(erp, "1,2026-05-01,10,417,\n")
    with pytest.raises(BadInput, match=r"orders\.csv"):
        read(erp, "1,yesterday,10,417,\n2,tomorrow,5,417,\n")
    with mirror.writing(erp.portfolio_id) as copy:
        assert copy.select("order", "id", "account_id", "amount") == before


def test_a_kind_that_left_the_mapping_leaves_the_mirror(erp: Connection, tmp_path: Path) -> None:
    read(erp, "1,2026-05-01,10,417,\n")
    (tmp_path / "tickets.csv").write_text("number,day,customer\n7,2026-05-01,417\n")
    mapping = "sources: [{kind: ticket, path: tickets.csv, columns: {id: number, opened_on: day},"
    (tmp_path / "erp.yaml").write_text(mapping + " account: {external_id: customer}}]\n")
    with mirror.writing(erp.portfolio_id) as copy:
        for kind in files.kinds(erp):
            files.pull(copy, erp, kind)
        assert copy.select("order", "id") == []
        assert copy.select("ticket", "id", "account_id") == [("7", "001A")]


def test_rates_of_a_file_go_before_those_of_the_crm_and_a_new_one_touches_every_account(erp: Connection) -> None:
    path = Path(erp.settings["mapping"])
    path.write_text(
        "sources:\n  - kind: rate\n    path: rates.csv\n"
        "    columns: {id: [currency, starts], currency: currency, starts_on: starts, rate: rate}\n"
    )
    org = Connection.objects.create(portfolio=erp.portfolio, name="crm", kind="salesforce")
    held = {"id": ["1", "2"], "currency": ["USD", "JPY"], "rate": [4.0, 200.0], "is_base": [False, False]}
    rows = pa.table(
        held,
        schema=pa.schema(
            [("id", pa.string()), ("currency", pa.string()), ("rate", pa.float64()), ("is_base", pa.bool_())]
        ),
    )
    with mirror.writing(erp.portfolio_id) as copy:
        copy.replace(org.name, "rate", rows.column_names, rows.to_batches())
    assert known(erp, "USD,2026-01-01,1.25\n") == [("JPY", 0.005), ("USD", 0.8)]
    with mirror.writing(erp.portfolio_id) as copy:
        touched.forget(copy.database, touched.read(copy.database).upto)
    assert known(erp, "USD,2026-01-01,1.25\n") == [("JPY", 0.005), ("USD", 0.8)]
    assert mirror.touched_accounts(erp.portfolio_id).accounts == frozenset()
    assert known(erp, "usd ,2026-01-01,1.6\n") == [("JPY", 0.005), ("USD", 0.625)]
    assert mirror.touched_accounts(erp.portfolio_id).accounts is None


def known(erp: Connection, lines: str) -> list[tuple[str, float]]:
    """What currencies are worth after a file with these rates was read."""
    (Path(erp.settings["mapping"]).parent / "rates.csv").write_text("currency,starts,rate\n" + lines)
    with mirror.writing(erp.portfolio_id) as copy:
        files.pull(copy, erp, "rate")
    mirror.publish(erp.portfolio_id)
    with mirror.reading(erp.portfolio_id, "rate") as tables:
        found = rates.worths(erp.portfolio, tables, default())
    return sorted(zip(found["rated_currency"], found["worth"], strict=True))


def test_rows_of_a_company_in_two_crms_count_for_the_record_that_leads(erp: Connection) -> None:
    rows = "1,2026-05-01,10,417,\n2,2026-05-02,20,H-9,\n"
    other = pa.record_batch({"id": ["901"], "name": ["Acme Pumps"], "external_id": ["417"]})
    with mirror.writing(erp.portfolio_id) as copy:
        copy.replace("hub", "account", other.schema.names, [other])
    assert read(erp, rows) == [("1", None, 100_000), ("2", None, 200_000)], "two accounts have this number"
    first, second = (
        Connection.objects.create(portfolio=erp.portfolio, name=name, kind=kind)
        for name, kind in (("crm", "salesforce"), ("hub", "hubspot"))
    )
    names = {"first_name": "Acme Pumps Ltd", "second_name": "Acme Pumps", "how": "name", "strength": 75}
    sides = {"first": first, "first_record": "001A", "second": second, "second_record": "901"}
    Match.objects.create(portfolio=erp.portfolio, state=Match.State.CONFIRMED, **sides, **names)
    assert read(erp, rows) == [("1", "001A", 100_000), ("2", None, 200_000)]
