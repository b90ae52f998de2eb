"""Files become records: the example of LOADING.md, and what each part of a mapping does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.sandbox import load as loading
from connectors.sandbox import mapping
from connectors.sandbox.load import LoadReport
from connectors.sandbox.org.org import Org

LOADING = Path(loading.__file__).parent / "LOADING.md"


@pytest.fixture
def org(tmp_path: Path) -> Iterator[Org]:
    with Org.open(tmp_path / "org") as opened:
        yield opened


def example(folder: Path) -> mapping.Mapping:
    """The files of LOADING.md, written to the folder."""
    blocks = re.findall(r"`([\w.]+)`\n\n```\w+\n(.*?)```", LOADING.read_text(encoding="utf-8"), re.DOTALL)
    for name, content in blocks:
        (folder / name).write_text(content, encoding="utf-8")
    return mapping.read(folder / "mapping.yaml")


def put(org: Org, folder: Path, text: str, **files: str) -> LoadReport:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return loading.load(org, folder, mapping.parse(f"name: test\n{text}", "mapping.yaml"))


def select(org: Org, soql: str) -> list[dict[str, Any]]:
    return [{key: value for key, value in row.items() if key != "attributes"} for row in org.query(soql).records]


def test_the_example_of_the_documentation(org: Org, tmp_path: Path) -> None:
    report = loading.load(org, tmp_path, example(tmp_path))
    assert report.rows == {"User": 2, "Account": 3, "Product2": 2, "Order": 2, "PricebookEntry": 2, "OrderItem": 3}
    (pumps,) = org.query(
        "SELECT Parent.Name, Owner.Username, AnnualRevenue, CreatedDate FROM Account WHERE AccountNumber = '101'"
    ).records
    assert pumps["Parent"]["Name"] == "Acme Holding"
    assert pumps["Owner"]["Username"] == "asa.oberg@acme.example"
    assert pumps["AnnualRevenue"] == 8_200_000
    assert pumps["CreatedDate"] == "2024-05-01T00:00:00.000+0000"
    assert select(org, "SELECT OrderNumber, EffectiveDate, TotalAmount FROM Order ORDER BY OrderNumber") == [
        {"OrderNumber": "S1", "EffectiveDate": "2026-01-31", "TotalAmount": 2479.9},
        {"OrderNumber": "S2", "EffectiveDate": "2026-02-14", "TotalAmount": 150.0},
    ]
    assert select(org, "SELECT Cost__c, Quantity FROM OrderItem WHERE Cost__c > 1000") == [
        {"Cost__c": 1400.0, "Quantity": 2.0}
    ]


def test_the_variant_of_the_documentation_leaves_steps_out(org: Org, tmp_path: Path) -> None:
    example(tmp_path)
    (variant,) = re.findall(r"```yaml\n(name: without_orders.*?)```", LOADING.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "variant.yaml").write_text(variant)
    report = loading.load(org, tmp_path, mapping.read(tmp_path / "variant.yaml"))
    assert report.rows == {"User": 2, "Account": 3, "Product2": 2}


def test_an_org_that_holds_records_takes_more(org: Org, tmp_path: Path) -> None:
    text = "load: [{object: Account, file: a.csv, fields: {Name: company}}]"
    put(org, tmp_path, text, a="company\nOne\n")
    put(org, tmp_path, text, a="company\nTwo\n")
    assert [row["Name"] for row in select(org, "SELECT Name FROM Account ORDER BY Name")] == ["One", "Two"]


def test_amounts_of_a_parquet_file_are_kept_to_the_last_digit(org: Org, tmp_path: Path) -> None:
    amounts = [Decimal("33.3333"), Decimal("0.0001"), Decimal("99999999.9999")]
    table = pa.table({"n": [1, 2, 3], "pieces": [7, 3, 11], "amount": pa.array(amounts, pa.decimal128(19, 4))})
    pq.write_table(table, tmp_path / "lines.parquet")
    text = """
fields:
  OrderItem: {UnitPrice: {scale: 6}, TotalPrice: {scale: 4}}
  Order: {TotalAmount: {scale: 4}}
load:
  - {object: Account, rows: [{name: One}], key: name, fields: {Name: name}}
  - {object: Product2, rows: [{name: Thing}], key: name, fields: {Name: name, IsActive: {constant: true}}}
  - object: Order
    rows: [{number: A, account: One}]
    key: number
    fields: {OrderNumber: number, AccountId: {lookup: Account, by: account}, EffectiveDate: {constant: 2026-01-01}}
  - object: OrderItem
    file: lines.parquet
    fields:
      OrderId: {lookup: Order, by: order}
      Product2Id: {lookup: Product2, by: thing}
      Quantity: pieces
      UnitPrice: {column: amount, divided_by: pieces}
"""
    more = table.append_column("order", [["A"] * 3]).append_column("thing", [["Thing"] * 3])
    pq.write_table(more, tmp_path / "lines.parquet")
    put(org, tmp_path, text)
    lines = select(org, "SELECT TotalPrice FROM OrderItem ORDER BY Quantity")
    assert [row["TotalPrice"] for row in lines] == [0.0001, 33.3333, 99999999.9999]
    assert select(org, "SELECT TotalAmount FROM Order") == [{"TotalAmount": 100000033.3333}]


def test_groups_take_the_last_and_the_weightiest_value(org: Org, tmp_path: Path) -> None:
    text = """
fields: {Account: {Seller__c: {type: string}, Latest__c: {type: string}, Sum__c: {type: double}, N__c: {type: int}}}
load:
  - object: Account
    file: deals.csv
    group_by: company
    where: {stage: {not_in: [Draft]}}
    fields:
      Name: company
      Seller__c: {most: seller, weight: value}
      Latest__c: {last: seller, order_by: day}
      Sum__c: {sum: value}
      N__c: {count: seller}
"""
    deals = "company,seller,value,day,stage\nA,x,10,2026-01-03,Won\nA,y,4,2026-01-09,Won\nA,y,5,2026-01-01,Won\n"
    put(org, tmp_path, text, deals=deals + "A,z,99,2026-02-01,Draft\nB,z,1,2026-01-01,Draft\n")
    assert select(org, "SELECT Name, Seller__c, Latest__c, Sum__c, N__c FROM Account") == [
        {"Name": "A", "Seller__c": "x", "Latest__c": "y", "Sum__c": 19.0, "N__c": 3}
    ]


def test_values_are_translated_and_defaults_fill_what_is_left(org: Org, tmp_path: Path) -> None:
    text = """
load:
  - object: Account
    file: a.csv
    fields:
      Name: company
      Rating: {column: grade, map: {1: Hot, 2: Warm}, others: empty, default: {constant: Cold}}
"""
    put(org, tmp_path, text, a="company,grade\nA,1\nB,2\nC,9\nD,\n")
    found = select(org, "SELECT Rating FROM Account ORDER BY Name")
    assert [row["Rating"] for row in found] == ["Hot", "Warm", "Cold", "Cold"]


def test_objects_fields_and_statuses_are_made_as_declared(org: Org, tmp_path: Path) -> None:
    text = """
objects: {Site__c: {label: Site, plural: Sites}}
fields:
  Site__c:
    Account__c: {type: reference, reference_to: [Account]}
    Kind__c: {type: picklist, values: [Mill, {value: Mine, active: false}], restricted: true}
    Size__c: {type: currency, scale: 4}
statuses: {OpportunityStage: [{value: Signed, closed: true, won: true, probability: 100}]}
load:
  - {object: Account, rows: [{name: One}], key: name, fields: {Name: name}}
  - object: Site__c
    rows: [{name: North, account: One, kind: Mill}]
    fields: {Name: name, Account__c: {lookup: Account, by: account}, Kind__c: kind}
  - object: Opportunity
    rows: [{name: Deal}]
    fields: {Name: name, StageName: {constant: Signed}, CloseDate: {constant: 2026-01-01}}
"""
    put(org, tmp_path, text)
    (site,) = org.query("SELECT Name, Kind__c, Account__r.Name FROM Site__c").records
    assert (site["Kind__c"], site["Account__r"]["Name"]) == ("Mill", "One")
    fields = org.object("Site__c").fields
    assert (fields["Size__c"].scale, fields["Account__c"].reference_to) == (4, ("Account",))
    assert [entry.active for entry in fields["Kind__c"].values] == [True, False]
    assert select(org, "SELECT IsWon, IsClosed, Probability FROM Opportunity") == [
        {"IsWon": True, "IsClosed": True, "Probability": 100.0}
    ]


def test_owners_may_have_left(org: Org, tmp_path: Path) -> None:
    text = """
load:
  - object: User
    rows: [{name: Ann Left, active: false}, {name: Bo Boss, active: true, leads: 1}]
    key: name
    fields:
      FirstName: {first_name: name}
      LastName: {last_name: name}
      Username: {username: name}
      IsActive: active
  - {object: Account, rows: [{name: One, owner: Ann Left}], fields: {Name: name, OwnerId: {lookup: User, by: owner}}}
"""
    put(org, tmp_path, text)
    (account,) = org.query("SELECT Owner.Username, Owner.IsActive FROM Account").records
    assert (account["Owner"]["Username"], account["Owner"]["IsActive"]) == ("ann.left@example.com", False)
