"""The data sets we bring mappings and models for: what arrives in the CRM, and what scoring makes of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from admin.cli.output import Stop
from admin.demo import datasets
from connectors.files import CrmAccount, Files, load_mapping
from tests.admin.companies import Company, company, loaded, needs_data, shared
from tests.bench import adventureworks as finance


@pytest.fixture(scope="module")
def crm_sales(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    found = shared(loaded(tmp_path_factory, "crm_sales"), "crm_sales")
    with found.org, found.database:
        yield found


@pytest.fixture(scope="module")
def adventureworks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    found = shared(loaded(tmp_path_factory, "adventureworks"), "adventureworks")
    with found.org, found.database:
        yield found


@needs_data
def test_all_of_crm_sales_is_in_the_crm(crm_sales: Company) -> None:
    assert crm_sales.report.rows == {
        "User": 41,
        "Product2": 7,
        "PricebookEntry": 7,
        "Account": 85,
        "Opportunity": 8800,
    }
    stages = {stage: crm_sales.count("Opportunity", f"StageName = '{stage}'") for stage in ("Prospecting", "Engaging")}
    assert stages == {"Prospecting": 500, "Engaging": 1589}
    assert crm_sales.count("Opportunity", "IsWon = true") == 4238
    assert crm_sales.count("Opportunity", "IsClosed = true AND IsWon = false") == 2473
    won = crm_sales.rows("SELECT Amount FROM Opportunity WHERE IsWon = true")
    assert sum(row["Amount"] for row in won) == 10_005_534
    assert crm_sales.count("Account", "ParentId != null") == 15


@needs_data
def test_what_is_wrong_in_crm_sales_is_kept_to_be_found(crm_sales: Company) -> None:
    assert crm_sales.count("Opportunity", "AccountId = null") == 1425
    assert crm_sales.count("Account", "Industry = 'technolgy'") == 12
    assert crm_sales.count("Opportunity", "Product_Name__c = 'GTXPro'") == 1480
    assert crm_sales.count("Product2", "Name = 'GTXPro'") == 0


@needs_data
def test_all_of_adventureworks_is_in_the_crm_to_the_last_digit(adventureworks: Company) -> None:
    rows = adventureworks.report.rows
    assert (rows["Account"], rows["Order"], rows["OrderItem"], rows["Product2"]) == (701, 3796, 60_855, 606)
    assert round(adventureworks.total("OrderItem", "TotalPrice"), 2) == Decimal("80450596.98")
    assert round(adventureworks.total("Order", "TotalAmount"), 2) == Decimal("80450596.98")
    assert round(adventureworks.total("OrderItem", "Cost__c"), 2) == Decimal("79980114.38")
    assert round(adventureworks.total("OrderItem", "Freight__c"), 2) == Decimal("2011265.92")
    frame = adventureworks.features()
    assert (frame["transactions_ever"] > 0).sum() == 635


@needs_data
def test_every_account_has_an_owner_and_every_seller_a_manager(adventureworks: Company, crm_sales: Company) -> None:
    for each in (adventureworks, crm_sales):
        assert each.count("Account", f"OwnerId = '{each.org.admin_user_id}'") == 0
    assert adventureworks.count("User", "ManagerId = null") == 2  # the vice president and the administrator
    (left,) = adventureworks.rows("SELECT Id, Name FROM User WHERE IsActive = false")
    assert adventureworks.count("Account", f"OwnerId = '{left['Id']}'") == 2


@needs_data
def test_the_day_after_the_newest_transaction_is_scored_for(adventureworks: Company, crm_sales: Company) -> None:
    assert adventureworks.as_of == date(2013, 11, 30)
    assert crm_sales.as_of == date(2018, 1, 1)


@needs_data
def test_the_models_place_every_customer_but_those_of_a_sector_nobody_knows(
    adventureworks: Company, crm_sales: Company
) -> None:
    published = ["segment", "sub_segment", "value_profile"]
    scores = adventureworks.scores[adventureworks.scores["in_scope"]]
    assert len(scores) == 635
    assert scores[published].notna().all(axis=None)
    scores = crm_sales.scores[crm_sales.scores["in_scope"]]
    assert len(scores) == 85
    assert scores["segment"].isna().sum() == scores["sub_segment"].isna().sum() == 12
    assert scores["value_profile"].notna().all()


@needs_data
@pytest.mark.parametrize("name", ["adventureworks", "crm_sales"])
def test_each_tier_holds_between_a_twentieth_and_a_half_of_the_customers(
    name: str, request: pytest.FixtureRequest
) -> None:
    scores = request.getfixturevalue(name).scores
    shares = scores.loc[scores["in_scope"], "tier"].value_counts(normalize=True, dropna=False)
    assert set(shares.index) == {"platinum", "gold", "silver", "bronze"}
    assert shares.between(0.05, 0.5).all(), shares.to_dict()


@needs_data
def test_orders_in_files_count_as_those_in_the_crm(adventureworks: Company, tmp_path: Path) -> None:
    crm_only = company("adventureworks", tmp_path, datasets.WITHOUT_ORDERS)
    with crm_only.org:
        assert crm_only.report.rows == {"User": 18, "Product2": 606, "PricebookEntry": 606, "Account": 701}
        erp = load_mapping(crm_only.dataset.mapping.with_name(datasets.ERP))
        erp = erp.model_copy(update={"folder": crm_only.dataset.directory, "review": str(tmp_path / "review.csv")})
        accounts = crm_only.rows("SELECT Id, Name, AccountNumber FROM Account")
        files = Files(erp, [CrmAccount(row["Id"], row["Name"], row["AccountNumber"]) for row in accounts])
        for source in erp.sources:
            reading = files.read(source)
            crm_only.mirror.replace("erp", source.kind, reading.schema.names, reading)
            assert not reading.tally.rejected
        numbers = ["external_id", "revenue", "product_cost", "freight", "orders", "order_lines", "last_transaction_on"]
        from_files, from_crm = (
            each.features()[numbers].sort_values("external_id", ignore_index=True)
            for each in (crm_only, adventureworks)
        )
    pd.testing.assert_frame_equal(from_files, from_crm)


def test_a_folder_with_its_own_mapping_and_model_is_taken_as_it_is(tmp_path: Path) -> None:
    text = "name: own\nload: [{object: Account, file: a.csv, fields: {Name: company}}]\n"
    (tmp_path / "mapping.yaml").write_text(text)
    assert datasets.find(tmp_path) == datasets.Dataset(tmp_path, tmp_path / "mapping.yaml", None)
    (tmp_path / "model.yaml").write_text("name: own\n")
    assert datasets.find(tmp_path).model == tmp_path / "model.yaml"


def test_a_folder_that_nothing_fits_is_refused_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(Stop, match=r"has no mapping.yaml") as caught:
        datasets.find(tmp_path)
    assert "LOADING.md" in caught.value.next_step


@needs_data
def test_the_finance_report_of_adventureworks_adds_up(adventureworks: Company) -> None:
    customers = finance.rows(adventureworks)
    assert len(customers) == 635
    assert (customers["gross_margin"] < 0).sum() == 297
    assert (customers["tier"].value_counts() > 0).sum() == 4
    items = customers[[name for name in customers if str(name).startswith("cost_of_")]].sum(axis=1)
    assert (items - customers["cost_to_serve"]).abs().max() < 1e-6
    large = customers[customers["gross_margin"] > 0].head(20)
    assert 0 < large["tier"].isin(["gold", "bronze"]).sum() < 20, "large is neither costly nor cheap by itself"
    text = "\n".join(finance.report(adventureworks, customers))
    assert "| **All** | 635 | 1,802 | 36,240,485 | 36,914,212 | -673,727 | 906,013 |" in text
