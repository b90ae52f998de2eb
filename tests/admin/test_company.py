"""The demo's company: believable, full of the faults real CRMs have, and the same every time."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from admin.demo import company
from connectors.sandbox.org.org import Org
from connectors.sandbox.org.schema import FieldDef, GlobalValueSet, PicklistEntry

TODAY = date(2026, 11, 23)
ACCOUNTS = 400
CUSTOMERS = ("Customer - Direct", "Customer - Channel")
INDUSTRIES = {"Energy", "Utilities", "Oil & Gas", "Mining", "Pulp & Paper", "Chemicals", "Food & Beverage",
              "Automotive", "Machinery", "Marine", "Construction", "Facility Services", "Logistics"}  # fmt: skip
OLD_INDUSTRIES = {"Power Generation", "Oil and Gas", "Paper", "Food", "Shipping"}
LISTS = {
    "segment": {"energy": "", "manufacturing": "", "services": ""},
    "sub_segment": {"power_producers": "energy", "utilities": "energy", "process_industry": "manufacturing",
                    "discrete_manufacturing": "manufacturing", "marine_logistics": "services"},
    "value_profile": {"uptime_first": "", "growth_partner": "", "standard_supply": ""},
}  # fmt: skip
NAMES = {"segment": "Group__c", "sub_segment": "Subgroup__c", "value_profile": "Profile__c"}


@dataclass
class Company:
    org: Org

    def rows(self, soql: str) -> list[dict[str, Any]]:
        return list(self.org.query(soql).records)

    @cached_property
    def accounts(self) -> list[dict[str, Any]]:
        return self.rows(
            "SELECT Id, Name, Type, Industry, OwnerId, ParentId, Operation_Mode__c, Business_Model__c, CreatedDate"
            " FROM Account ORDER BY Id"
        )

    @cached_property
    def customers(self) -> list[dict[str, Any]]:
        return [row for row in self.accounts if row["Type"] in CUSTOMERS]

    @cached_property
    def orders(self) -> list[dict[str, Any]]:
        return self.rows("SELECT Id, AccountId, EffectiveDate, TotalAmount, Status, Expedited__c FROM Order")

    @cached_property
    def users(self) -> dict[str, dict[str, Any]]:
        return {row["Id"]: row for row in self.rows("SELECT Id, Name, Email, IsActive, ManagerId FROM User")}

    def revenue(self, since: date) -> Counter[str]:
        found: Counter[str] = Counter()
        for order in self.orders:
            if order["EffectiveDate"] >= since.isoformat():
                found[order["AccountId"]] += order["TotalAmount"]
        return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Org.open(tmp_path_factory.mktemp("org")) as org:
        company.generate(org, 1, ACCOUNTS, TODAY)
        yield Company(org)


@pytest.fixture(scope="module")
def entered(made: Company) -> Company:
    """The same company with three picklists of today, and what its people entered in them."""
    for key, values in LISTS.items():
        entries = tuple(
            PicklistEntry(value, value, valid_for=(parent,) * bool(parent)) for value, parent in values.items()
        )
        made.org.save_value_set(GlobalValueSet(f"List_{key}", key, False, entries))
        controller = NAMES["segment"] if key == "sub_segment" else ""
        field = FieldDef(NAMES[key], key, "picklist", length=255, values=entries, value_set=f"List_{key}",
                         controller=controller, custom=True)  # fmt: skip
        made.org.save_field("Account", field)
    company.enter_existing_values(made.org, 1, NAMES, {key: tuple(values) for key, values in LISTS.items()})
    return made


def contents(org: Org) -> list[list[tuple[Any, ...]]]:
    """Everything a company consists of, without the instants of loading."""
    queries = (
        "SELECT Id, Name, Type, Industry, OwnerId, ParentId, AnnualRevenue, CreatedDate FROM Account ORDER BY Id",
        "SELECT Id, Name, Email, ManagerId, IsActive FROM User WHERE Alias != 'admin' ORDER BY Id",
        "SELECT Id, AccountId, EffectiveDate, TotalAmount, Freight__c FROM Order ORDER BY Id",
        "SELECT Id, OrderId, Product2Id, Quantity, UnitPrice, Cost__c FROM OrderItem ORDER BY Id",
        "SELECT Id, AccountId, StageName, Amount, CloseDate, Product_Name__c FROM Opportunity ORDER BY Id",
        "SELECT Id, AccountId, Priority, CreatedDate FROM Case ORDER BY Id",
        "SELECT Id, AccountId, Subject, ActivityDate FROM Task ORDER BY Id",
        "SELECT Id, AccountId, Subject, ActivityDate FROM Event ORDER BY Id",
    )
    return [[tuple(v for k, v in row.items() if k != "attributes") for row in org.query(q).records] for q in queries]


def test_the_same_seed_gives_the_same_company_and_another_seed_another(tmp_path: Path) -> None:
    made = []
    for number, seed in enumerate((5, 5, 6)):
        with Org.open(tmp_path / str(number)) as org:
            company.generate(org, seed, 40, TODAY)
            made.append(contents(org))
    assert made[0] == made[1]
    assert all(made[0])
    assert all(one != other for one, other in zip(made[0], made[2], strict=True))


@pytest.mark.parametrize("count", [20, 61])
def test_it_has_exactly_as_many_accounts_as_asked_for(tmp_path: Path, count: int) -> None:
    with Org.open(tmp_path) as org:
        company.generate(org, 3, count, TODAY)
        assert org.query("SELECT COUNT(Id) n FROM Account").records[0]["n"] == count


def test_a_company_too_small_to_hold_everything_is_refused(tmp_path: Path) -> None:
    with Org.open(tmp_path) as org, pytest.raises(ValueError, match="at least 20"):
        company.generate(org, 3, 19, TODAY)


def test_it_knows_nothing_of_scoring() -> None:
    code = "import sys, admin.demo.company; print([name for name in sys.modules if name.split('.')[0] == 'scoring'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_fifth_of_the_customers_brings_most_of_the_revenue(made: Company) -> None:
    amounts = sorted(made.revenue(TODAY - timedelta(days=365)).values(), reverse=True)
    assert 0.5 < sum(amounts[: len(amounts) // 5]) / sum(amounts) < 0.9


def test_history_has_four_years_with_growth_and_seasons(made: Company) -> None:
    days = [order["EffectiveDate"] for order in made.orders]
    assert timedelta(days=4 * 365 - 30) < TODAY - date.fromisoformat(min(days)) <= timedelta(days=4 * 365 + 4)
    assert max(days) <= TODAY.isoformat()
    assert all(date.fromisoformat(day).weekday() < 5 for day in days)
    months = Counter(day[5:7] for day in days)
    assert months["05"] > 1.4 * months["07"]
    assert months["10"] > 1.4 * months["12"]
    years = Counter((TODAY - date.fromisoformat(day)).days // 365 for day in days)
    assert years[0] > years[3]


def test_some_customers_left_and_prospects_and_others_never_bought(made: Company) -> None:
    last: dict[str, str] = defaultdict(str)
    for order in made.orders:
        last[order["AccountId"]] = max(last[order["AccountId"]], order["EffectiveDate"])
    year_ago = (TODAY - timedelta(days=365)).isoformat()
    lapsed = [row for row in made.customers if last[row["Id"]] and last[row["Id"]] < year_ago]
    assert 0.05 < len(lapsed) / len(made.customers) < 0.2
    assert any(not last[row["Id"]] for row in made.customers)
    assert not any(last[row["Id"]] for row in made.accounts if row["Type"] not in CUSTOMERS)
    assert {"Prospect", "Competitor", "Channel Partner / Reseller", "Own company"} <= {r["Type"] for r in made.accounts}


def test_effort_varies_apart_from_worth(made: Company) -> None:
    """Among the biggest and among the smallest customers some take much work per revenue and some little."""
    since = TODAY - timedelta(days=365)
    revenue = made.revenue(since)
    work: Counter[str] = Counter()
    for row in made.rows(f"SELECT AccountId FROM Case WHERE CreatedDate >= {since}T00:00:00Z"):
        work[row["AccountId"]] += 110
    for row in made.rows(f"SELECT AccountId FROM Event WHERE ActivityDate >= {since}"):
        work[row["AccountId"]] += 330
    by_worth = sorted(revenue, key=lambda account: revenue[account])
    shares = {account: work[account] / revenue[account] for account in by_worth}
    middle = sorted(shares.values())[len(shares) // 2]
    for group in (by_worth[: len(by_worth) // 4], by_worth[-len(by_worth) // 4 :]):
        assert 0.25 < sum(shares[account] > middle for account in group) / len(group) < 0.75


def test_nothing_happens_before_an_account_exists(made: Company) -> None:
    created = {row["Id"]: row["CreatedDate"][:10] for row in made.accounts}
    assert all(order["EffectiveDate"] >= created[order["AccountId"]] for order in made.orders)


def test_owners_left_some_with_a_manager_who_stays_and_some_without(made: Company) -> None:
    gone = {row["OwnerId"] for row in made.customers if not made.users[row["OwnerId"]]["IsActive"]}
    managers = [made.users[made.users[owner]["ManagerId"]] for owner in gone]
    assert {manager["IsActive"] for manager in managers} == {True, False}
    assert len({row["Email"] for row in made.users.values()}) == len(made.users)


def test_groups_have_parents_and_no_account_is_its_own_ancestor(made: Company) -> None:
    parents = {row["Id"]: row["ParentId"] for row in made.accounts}
    children = [account for account, parent in parents.items() if parent]
    assert 0.05 < len(children) / ACCOUNTS < 0.25
    depths = []
    for account in children:
        depth, above = 0, parents[account]
        while above:
            depth, above = depth + 1, parents[above]
            assert depth < 4
        depths.append(depth)
    assert max(depths) == 2


def test_labels_are_old_stray_and_missing(made: Company) -> None:
    found = Counter(row["Industry"] for row in made.customers)
    assert sum(found[name] for name in OLD_INDUSTRIES) >= 2
    assert found[None] >= 2
    stray = sum(count for name, count in found.items() if name not in INDUSTRIES | OLD_INDUSTRIES | {None})
    assert 2 <= stray < 0.06 * len(made.customers)
    assert any(row["Operation_Mode__c"] is None for row in made.customers)
    assert any(row["Business_Model__c"] is None for row in made.customers)


def test_some_deals_have_no_account_and_some_name_no_known_product(made: Company) -> None:
    products = {row["Name"] for row in made.rows("SELECT Name FROM Product2")}
    deals = made.rows("SELECT AccountId, Product_Name__c, IsClosed, IsWon FROM Opportunity")
    assert 3 <= sum(row["AccountId"] is None for row in deals) < 0.02 * len(deals)
    unknown = [row for row in deals if row["Product_Name__c"] and row["Product_Name__c"] not in products]
    assert 2 <= len(unknown) < 0.02 * len(deals)
    assert {(row["IsClosed"], row["IsWon"]) for row in deals} == {(True, True), (True, False), (False, False)}


def test_names_repeat_only_as_lookalikes(made: Company) -> None:
    names = [row["Name"].casefold() for row in made.accounts]
    assert len(set(names)) > 0.97 * len(names)
    buyers = [row["Name"] for row in made.customers]
    assert len(set(buyers)) == len(buyers)


def test_people_entered_values_on_a_third_of_the_accounts(entered: Company) -> None:
    rows = values(entered)
    filled = [row for row in rows if any(row.values())]
    assert 0.3 < len(filled) / ACCOUNTS < 0.4
    assert any(row["segment"] and not row["sub_segment"] for row in filled)
    assert any(row["value_profile"] and not row["segment"] for row in filled)


def test_most_of_what_they_entered_fits_and_some_does_not(entered: Company) -> None:
    pairs = [(row["segment"], row["sub_segment"]) for row in values(entered) if row["segment"] and row["sub_segment"]]
    listed = [pair for pair in pairs if pair[1] in LISTS["sub_segment"]]
    strange = [pair for pair in listed if LISTS["sub_segment"][pair[1]] != pair[0]]
    assert 0 < len(strange) < 0.25 * len(listed)


@pytest.mark.parametrize("key", list(LISTS))
def test_some_values_were_since_deactivated_and_some_deleted(entered: Company, key: str) -> None:
    current = {entry.value: entry.active for entry in entered.org.value_sets()[f"List_{key}"].entries}
    outdated = {row[key] for row in values(entered) if row[key]} - set(LISTS[key])
    assert {current.get(value) for value in outdated} == {False, None}
    assert [value for value, active in current.items() if active] == list(LISTS[key])


def values(made: Company) -> list[dict[str, Any]]:
    rows = made.rows(f"SELECT {', '.join(NAMES.values())} FROM Account ORDER BY Id")
    return [{key: row[name] for key, name in NAMES.items()} for row in rows]
