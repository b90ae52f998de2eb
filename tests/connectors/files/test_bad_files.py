"""Files that cannot be read as they are: where it stands, why, and what to do; and nothing half done."""

from __future__ import annotations

from pathlib import Path

import pytest

from connectors.errors import BadInput, ConnectorError
from tests.connectors.files.exports import COLUMNS, Export

HEAD = "Number,Day,Amount\n"
GOOD = "".join(f"G{number},2026-05-01,1\n" for number in range(20))


def refused(export: Export) -> BadInput:
    with pytest.raises(BadInput) as caught:
        export.rows()
    assert caught.value.next_step
    return caught.value


def test_a_wrong_encoding_names_line_and_byte_and_what_fits(export: Export) -> None:
    export.write(HEAD.encode() + "A-1,2026-05-01,1\nÅ-2,2026-05-01,1\n".encode("cp1252"))
    error = refused(export)
    assert "orders.csv is not utf-8: line 3, byte 1" in error.message
    assert "encoding: cp1252" in error.next_step


def test_utf16_without_its_mark_says_so(export: Export) -> None:
    export.orders("encoding: utf-16")
    export.write(f"{HEAD}1,2026-05-01,1\n")
    error = refused(export)
    assert "orders.csv is not utf-16" in error.message
    assert "encoding: utf-8" in error.next_step


@pytest.mark.parametrize("name", ["utf-9", "base64"])
def test_an_unknown_encoding_names_some(export: Export, name: str) -> None:
    export.orders(f"encoding: {name}")
    export.write(HEAD)
    assert "cp1252" in refused(export).next_step


def test_a_missing_column_names_the_nearest(export: Export) -> None:
    export.write("Number,Day,Amuont\n1,2026-05-01,1\n")
    error = refused(export)
    assert error.message == "orders.csv has no column 'Amount'; the nearest is 'Amuont'."
    assert "mapping file" in error.next_step


def test_a_repeated_header_is_refused_only_where_it_matters(export: Export) -> None:
    export.write("Number,Day,Amount,Note,Note\n1,2026-05-01,1,a,b\n")
    assert len(export.rows()) == 1
    export.write("Number,Day,Amount,Amount\n1,2026-05-01,1,2\n")
    error = refused(export)
    assert error.message == "orders.csv has 2 columns named 'Amount'."
    assert error.next_step == "Rename all but one."


@pytest.mark.parametrize("content", ["", "\ufeff", "\n"])
def test_an_empty_file_is_refused(export: Export, content: str) -> None:
    export.write(content)
    error = refused(export)
    assert "orders.csv is empty" in error.message
    assert "first line names the columns" in error.next_step


def test_a_file_of_a_header_only_has_no_rows(export: Export) -> None:
    export.write(HEAD)
    reading = export.reading()
    assert list(reading) == []
    assert (reading.tally.read, reading.tally.delivered) == (0, 0)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("X,2026-05-01,1.2.3", "orders.csv, line 22, column 'Amount', value '1.2.3': is not a number"),
        ("X,2026-05-01,1_000", "orders.csv, line 22, column 'Amount', value '1_000': is not a number"),
        ("X,2026-05-01,NaN", "orders.csv, line 22, column 'Amount', value 'NaN': is not a number"),
        ("X,31.12.2026,1", "orders.csv, line 22, column 'Day', value '31.12.2026': is not a date in ISO form"),
        ("X,2026-05-01,1,", "orders.csv, line 22: the row has 4 fields, the header 3"),
        ("X,2026-05-01", "orders.csv, line 22: the row has 2 fields, the header 3"),
        (",2026-05-01,1", "orders.csv, line 22, column 'Number', value '': the id is empty"),
        ("G1,2026-05-01,1", "orders.csv, line 22, column 'Number', value 'G1': the id was there before"),
        ('"X\nY",2026-05-01,much', "orders.csv, line 22, column 'Amount', value 'much': is not a number"),
    ],
)
def test_a_bad_row_is_told_with_its_line_and_the_others_are_read(export: Export, row: str, told: str) -> None:
    export.write(f"{HEAD}{GOOD}{row}\nLast,2026-05-01,1\n")
    reading = export.reading()
    ids = [each["id"] for batch in reading for each in batch.to_pylist()]
    assert len(ids) == 21
    assert ids[-1] == "Last"
    assert (reading.tally.read, reading.tally.delivered, len(reading.tally.rejected)) == (22, 21, 1)
    assert str(reading.tally.rejected[0]).startswith(told)
    assert told in str(reading.tally)


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("order", "amount", "1e400"),
        ("account", "employees", "99999999999999999999"),
        ("account", "employees", "1e999999"),
        ("account", "employees", "1.5"),
        ("account", "created_at", "0001-01-01T00:00:00+05:00"),
        ("order_line", "quantity", "1e999"),
    ],
)
def test_a_value_beyond_its_type_is_a_bad_row(export: Export, kind: str, column: str, value: str) -> None:
    export.mapping(f"sources:\n  - kind: {kind}\n    path: o.csv\n    columns: {{id: N, {column}: V}}\n")
    export.write(f"N,V\n1,{value}\n2,\n", "o.csv")
    reading = export.reading()
    assert [row["id"] for batch in reading for row in batch.to_pylist()] == ["2"]
    assert str(reading.tally.rejected[0]).startswith(f"o.csv, line 2, column 'V', value '{value}': is ")


def test_too_many_bad_rows_refuse_the_whole_source(export: Export) -> None:
    export.write(HEAD + GOOD + "".join(f"B{number},2026-05-01,abc\n" for number in range(6)))
    error = refused(export)
    assert "6 of 26 rows" in error.message
    assert "orders.csv, line 22, column 'Amount', value 'abc'" in error.message
    assert "max_rejected" in error.next_step
    export.orders("max_rejected: 0.5")
    assert len(export.rows()) == 20


def test_an_open_quotation_mark_names_the_line(export: Export) -> None:
    export.write(HEAD + 'A,2026-05-01,1\n"B,2026-05-01,1\n')
    error = refused(export)
    assert "orders.csv is not well-formed CSV: line 3" in error.message
    assert "quotation mark" in error.next_step


def test_another_format_under_a_csv_name_is_recognised(export: Export) -> None:
    export.write(b"PK\x03\x04rest")
    assert "Excel or zip" in refused(export).message
    export.orders(path="orders.parquet")
    export.write(HEAD, "orders.parquet")
    assert "not a readable Parquet file" in refused(export).message
    export.orders(path="orders.pdf")
    export.write(HEAD, "orders.pdf")
    assert ".csv" in refused(export).next_step


def test_an_absent_file_names_the_nearest(export: Export) -> None:
    export.write(HEAD, "order.csv")
    assert "nearest is 'order.csv'" in refused(export).message
    export.orders(path="invoices-*.csv")
    assert "No file matches" in refused(export).message


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("table: nowhere", "table 'nowhere' cannot be read"),
        ("query: SELECT x FROM nowhere", "query cannot be read"),
    ],
)
def test_a_wrong_table_or_query_says_so(export: Export, what: str, told: str) -> None:
    path = export.write(b"", "erp.sqlite")
    export.mapping(f"sources:\n  - kind: order\n    url: sqlite:///{path}\n    {what}\n    columns: {COLUMNS}\n")
    assert told in refused(export).message


def test_a_database_that_is_not_there_is_not_created(export: Export, tmp_path: Path) -> None:
    path = tmp_path / "typo.sqlite"
    export.mapping(f"sources:\n  - kind: order\n    url: sqlite:///{path}\n    table: o\n    columns: {COLUMNS}\n")
    with pytest.raises(ConnectorError, match=r"typo\.sqlite"):
        export.rows()
    assert not path.exists()


def test_a_password_comes_from_the_environment_and_is_never_shown(
    export: Export, monkeypatch: pytest.MonkeyPatch
) -> None:
    export.mapping(
        f"sources:\n  - kind: order\n    url: nosuch://me:${{ERP_SECRET}}@erp/x\n    table: o\n    columns: {COLUMNS}\n"
    )
    assert "ERP_SECRET" in refused(export).next_step
    monkeypatch.setenv("ERP_SECRET", "hunter2")
    assert "hunter2" not in refused(export).message
