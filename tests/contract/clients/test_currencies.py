"""An org with several currencies, as files fill it and as two clients see it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from connectors.salesforce import Client, Credentials, Salesforce
from connectors.sandbox import load as loading
from connectors.sandbox import mapping
from connectors.sandbox.background import Served
from connectors.sandbox.mapping import LoadError
from connectors.sandbox.org.org import Org

MAPPING = """
name: trade
currencies:
  corporate: EUR
  rates: {USD: 1.25, GBP: 0.8}
objects:
  Invoice__c: {label: Invoice, plural: Invoices}
load:
  - object: Account
    rows: [{name: Home, code: null}, {name: Away, code: USD}]
    key: name
    fields: {Name: name, CurrencyIsoCode: code}
  - object: Product2
    rows: [{name: Pump}]
    key: name
    fields: {Name: name, IsActive: {constant: true}}
  - object: Order
    rows: [{account: Away, code: GBP, day: 2026-01-31}]
    key: account
    fields:
      AccountId: {lookup: Account, by: account}
      EffectiveDate: day
      Status: {constant: Draft}
      CurrencyIsoCode: code
  - object: OrderItem
    rows: [{order: Away, item: Pump}]
    fields:
      OrderId: {lookup: Order, by: order}
      Product2Id: {lookup: Product2, by: item}
      Quantity: {constant: 2}
      UnitPrice: {constant: 5}
"""


@pytest.fixture(scope="module")
def org(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Org]:
    with Org.open(tmp_path_factory.mktemp("org")) as opened:
        loading.load(opened, tmp_path_factory.mktemp("files"), mapping.parse(MAPPING, "mapping.yaml"))
        yield opened


def test_records_say_their_currency_and_lines_have_that_of_their_order(client: Any) -> None:
    rows = client.query("SELECT Name, CurrencyIsoCode FROM Account ORDER BY Name")["records"]
    assert [(row["Name"], row["CurrencyIsoCode"]) for row in rows] == [("Away", "USD"), ("Home", "EUR")]
    (line,) = client.query("SELECT CurrencyIsoCode, Order.CurrencyIsoCode, TotalPrice FROM OrderItem")["records"]
    assert (line["CurrencyIsoCode"], line["Order"]["CurrencyIsoCode"], line["TotalPrice"]) == ("GBP", "GBP", 10)
    described = {field["name"]: field for field in client.Invoice__c.describe()["fields"]}
    assert described["CurrencyIsoCode"]["restrictedPicklist"]
    with pytest.raises(Exception, match="INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"):
        client.Account.create({"Name": "Odd", "CurrencyIsoCode": "CHF"})


def test_the_connector_reads_the_rates_of_an_org_without_dated_ones(served: Served) -> None:
    facts = served.facts
    crm = Salesforce(
        Client(Credentials(facts["url"], client_id=facts["client_id"], client_secret=facts["client_secret"]))
    )
    kinds = crm.kinds()
    assert kinds["order"]["currency"] == kinds["account"]["currency"] == "CurrencyIsoCode"
    assert "currency" not in kinds["ticket"]
    (batch,) = crm.pull("rate", kinds["rate"], None)
    rows = sorted((row["currency"], row["rate"], row["is_base"], row["starts_on"]) for row in batch.to_pylist())
    assert rows == [("EUR", 1.0, True, None), ("GBP", 0.8, False, None), ("USD", 1.25, False, None)]
    crm.close()


def test_dated_rates_of_a_currency_that_the_org_lacks_are_refused() -> None:
    text = MAPPING.replace("GBP: 0.8}", "GBP: 0.8}\n  dated: {CHF: {2026-01-01: 2}}")
    with pytest.raises(LoadError, match="CHF has dated rates, but is not among the rates"):
        mapping.parse(text, "mapping.yaml")
