"""The same rows out of every format, exact, whatever the spreadsheet made of the file."""

from __future__ import annotations

import sqlite3
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.connectors.files.exports import COLUMNS, Export, rows_of

ORDERS = [
    ("A-1", date(2026, 5, 1), Decimal("0.1000")),
    ("A-2", date(2026, 5, 2), Decimal("99999999999999.9999")),
    ("A-3", None, None),
    ("A-4", date(2024, 2, 29), Decimal("-12.3400")),
]
CSV = "Number,Day,Amount\nA-1,2026-05-01,0.1\nA-2,2026-05-02,99999999999999.9999\nA-3,,\nA-4,2024-02-29,-12.34\n"


def test_csv_gives_exact_rows(export: Export) -> None:
    export.write(CSV)
    assert export.rows() == ORDERS


def test_parquet_gives_the_same_rows(export: Export) -> None:
    numbers, days, amounts = zip(*ORDERS, strict=True)
    typed = {"Number": list(numbers), "Day": list(days), "Amount": pa.array(amounts, pa.decimal128(20, 4))}
    pq.write_table(pa.table(typed), export.folder / "orders.parquet")
    export.orders(path="orders.parquet")
    assert export.rows() == ORDERS


def test_a_database_gives_the_same_rows(export: Export) -> None:
    path = export.folder / "erp.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (Number TEXT, Day TEXT, Amount TEXT)")
        texts = [(number, day and day.isoformat(), amount and str(amount)) for number, day, amount in ORDERS]
        database.executemany("INSERT INTO orders VALUES (?, ?, ?)", texts)
    database.close()
    for what in ("table: orders", "query: SELECT * FROM orders"):
        export.mapping(f"sources:\n  - kind: order\n    url: sqlite:///{path}\n    {what}\n    columns: {COLUMNS}\n")
        assert sorted(export.rows()) == ORDERS


def test_a_database_of_floats_and_dates_gives_amounts_as_written(export: Export) -> None:
    path = export.folder / "erp.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE orders (Number INTEGER, Day DATE, Amount REAL)")
        database.execute("INSERT INTO orders VALUES (7, '2026-05-01', 0.1), (8, NULL, 1234567.89)")
    database.close()
    export.mapping(f"sources:\n  - kind: order\n    url: sqlite:///{path}\n    table: orders\n    columns: {COLUMNS}\n")
    assert sorted(export.rows()) == [("7", date(2026, 5, 1), Decimal("0.1000")), ("8", None, Decimal("1234567.8900"))]


def test_parquet_floats_are_read_as_they_are_shown(export: Export) -> None:
    pq.write_table(
        pa.table({"Number": [7, 8], "Day": [20260501, None], "Amount": [0.1, 2.675]}), export.folder / "orders.parquet"
    )
    export.orders(path="orders.parquet")
    assert export.rows() == [("7", date(2026, 5, 1), Decimal("0.1000")), ("8", None, Decimal("2.6750"))]


@pytest.mark.parametrize("sign", [";", "\t", "|"])
def test_the_delimiter_is_found(export: Export, sign: str) -> None:
    export.write(CSV.replace(",", sign))
    assert export.rows() == ORDERS


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_says_the_encoding(export: Export, encoding: str) -> None:
    export.write(CSV.replace("A-1", "Å-1").encode(encoding))
    assert export.rows()[0][0] == "Å-1"


def test_a_named_encoding_is_used(export: Export) -> None:
    export.orders("encoding: cp1252")
    export.write(CSV.replace("A-1", "Å-1").encode("cp1252"))
    assert export.rows()[0][0] == "Å-1"


def test_a_field_may_hold_newlines_quotes_and_delimiters(export: Export) -> None:
    export.write('Number,Note,Day,Amount\n"A\n1","said ""yes"", twice",2026-05-01,1\nA-2,,2026-05-02,2\n')
    assert [row[0] for row in export.rows()] == ["A\n1", "A-2"]


@pytest.mark.parametrize(
    ("written", "rule", "amount"),
    [
        ("1.234,50", "decimal: ',', thousands: '.'", "1234.5"),
        ("1'234.50", 'thousands: "\'"', "1234.5"),
        ("(12.50)", "decimal: .", "-12.5"),
        ("12.50-", "decimal: .", "-12.5"),
    ],
)
def test_amounts_are_read_as_the_mapping_says(export: Export, written: str, rule: str, amount: str) -> None:
    export.orders(columns=f"{{id: Number, amount: {{column: Amount, {rule}}}}}")
    export.write(f"Number;Amount\n1;{written}\n")
    assert export.rows() == [("1", Decimal(amount))]


def test_dates_codes_joined_ids_and_constants_follow_the_mapping(export: Export) -> None:
    export.orders(
        "constants: {currency: EUR}",
        columns="{id: [Number, Line], ordered_on: {column: Day, format: '%d.%m.%Y'}, "
        "is_expedited: {column: Rush, values: {R: 'true', N: 'false'}}}",
    )
    export.write("Number,Line,Day,Rush\n7,1,31.01.2026,R\n7,2,01.02.2026,N\n")
    assert export.rows() == [("7-1", date(2026, 1, 31), True, "EUR"), ("7-2", date(2026, 2, 1), False, "EUR")]


def test_rows_of_one_record_are_added_up(export: Export) -> None:
    export.orders("combine: true\nmax_rejected: 1")
    day = "2026-05-01"
    export.write(f"Number,Day,Amount\n2,{day},0.10\n1,{day},1\n2,{day},0.20\n3,{day},1\n3,2026-05-09,1\n")
    reading = export.reading()
    assert [row["id"] for batch in reading for row in batch.to_pylist()] == ["1", "2"]
    tally = reading.tally
    assert (tally.read, tally.delivered, tally.records, len(tally.rejected)) == (5, 3, 2, 2)
    assert "disagree about ordered_on" in str(tally)


def test_a_folder_is_read_file_by_file(export: Export) -> None:
    export.orders(path="orders-*.csv")
    for number in (2, 1):
        export.write(f"Number,Day,Amount\n{number},2026-05-01,1\n", f"orders-{number}.csv")
    assert [row[0] for row in export.rows()] == ["1", "2"]


def test_invoices_and_returns_are_kinds_of_record_like_any_other(export: Export) -> None:
    export.mapping("""
        sources:
          - kind: return
            path: orders.csv
            account: {external_id: Customer}
            columns: {id: Number, returned_on: Day, amount: Amount}
          - kind: invoice
            path: invoices.csv
            account: {external_id: Customer}
            columns: {id: Number, issued_on: Day, due_on: Due, paid_on: Paid, amount: Amount, is_disputed: Disputed}
    """)
    export.write("Number,Day,Amount,Customer\nR1,2026-05-01,12.50,000417\n")
    head = "Number,Day,Due,Paid,Amount,Disputed,Customer\n"
    export.write(f"{head}I1,2026-05-01,2026-05-31,,99,true,000417\n", "invoices.csv")
    files = export.files()
    returned, invoiced = (rows_of(files.read(source)) for source in files.mapping.sources)
    assert {date(2026, 5, 1), Decimal("12.5"), "001A"} <= set(returned[0])
    assert {date(2026, 5, 31), None, True, "001A"} <= set(invoiced[0])
