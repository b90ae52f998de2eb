"""Invoices of a file become late payments, disputes and warnings of accounts: 2,466 of them, of 100 customers."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from connectors.files import CrmAccount, Files
from connectors.files.mapping import parse_mapping
from scoring import features, risk
from sync.mirror import Mirror
from tests.scoring.frames import default

DATA = Path(__file__).parents[3] / "shared" / "data" / "accounts_receivable"
MAPPING = """
sources:
  - kind: invoice
    path: ibm_accounts_receivable.csv
    account: {external_id: customerID}
    columns:
      id: invoiceNumber
      issued_on: {column: InvoiceDate, format: "%m/%d/%Y"}
      due_on: {column: DueDate, format: "%m/%d/%Y"}
      paid_on: {column: SettledDate, format: "%m/%d/%Y"}
      amount: InvoiceAmount
      is_disputed: {column: Disputed, values: {"Yes": "true", "No": "false"}}
"""


pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is not there")


def known(as_of: date, months: int = 120) -> pd.DataFrame:
    """Features of the customers, from the file by way of the mirror, in the order of their ids."""
    ids = sorted(set(pd.read_csv(DATA / "ibm_accounts_receivable.csv")["customerID"]))
    files = Files(parse_mapping(MAPPING, DATA / "ar.yaml"), [CrmAccount(name, name, name) for name in ids])
    reading = files.read(files.mapping.sources[0])
    with duckdb.connect() as database:
        mirror = Mirror(database)
        accounts = pa.table({"id": ids, "name": ids}).to_batches()
        mirror.replace("ar", "account", ["id", "name"], accounts)
        mirror.replace("ar", "invoice", reading.schema.names, reading)
        backend = ibis.duckdb.from_connection(database)
        tables = {kind: backend.table(kind) for kind in ("account", "invoice")}
        model = default(value={"windows": {"months": months}})
        found: pd.DataFrame = features.build(tables, model, as_of).order_by("account_id").to_pandas()
    return found


def test_late_and_disputed_invoices_of_a_file_are_those_the_file_says() -> None:
    found = known(date(2014, 2, 1))
    assert len(found) == 100
    sums = found[["invoices", "invoices_late", "days_late", "disputes", "overdue_invoices"]].sum()
    assert sums.tolist() == [2466, 877, 8489, 561, 0]
    assert round(100 * sums["invoices_late"] / sums["invoices"], 2) == 35.56
    # A month earlier some of them were still open.
    assert known(date(2013, 12, 1))["overdue_invoices"].sum() > 0


def test_who_is_warned_about_pays_late_in_the_year_after() -> None:
    day = date(2013, 2, 1)
    then, later = known(day, months=12), known(date(2014, 2, 1), months=12)
    everybody = np.ones(len(then), dtype=bool)
    warnings = risk.texts(then, default(), day, everybody, ~everybody)
    warned = np.array([any(text.startswith("Pays late") for text in texts) for texts in warnings])
    share = [100 * later["invoices_late"][who].sum() / later["invoices"][who].sum() for who in (warned, ~warned)]
    assert warned.sum() == 46
    assert [round(each, 1) for each in share] == [57.5, 7.6]
