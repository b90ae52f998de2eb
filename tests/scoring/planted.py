"""A made-up org with faults planted in it, and what a check of it must find: frames, one row per record.

Everything else is right, and some of it looks wrong without being so: specialists whose customers are all of one kind,
numbered plants of one company, namesakes in other countries, a parent and its child of the same name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from scoring import pipeline
from scoring.model import Model
from scoring.money import SCALE
from tests.scoring.frames import DAY, default

Key = tuple[str, str, str, str]
TODAY = date(2026, 11, 20)
OWNERS = 14
#: Rules that judge by likeness and shares, where no answer is certain.
HEURISTIC = ("default_share", "duplicate_account", "unlike_rules")
OLD, FRESH = date(2023, 5, 1), date(2026, 6, 1)


def _words(text: str) -> list[str]:
    return text.split()


_FIRST = _words(
    "Alder Arctic Baltic Birch Bright Cedar Coastal Copper Delta Eastern Elder Falcon Fjord Forest Frost Garnet"
    " Golden Granite Harbor Hazel Heron Highland Iron Island Juniper Kestrel Lake Lark Maple Meadow Mercury"
    " Midland Nordic Northern Oak Ocean Onyx Opal Otter Pearl Pine Polar Prime Quartz Raven River Rowan Ruby"
    " Saimaa Silver Solar Southern Spruce Sterling Stone Summit Swift Tamar Timber Valley Vega Western Willow"
    " Winter"
)
_SECOND = _words(
    "Bakery Boats Castings Cement Chemicals Cranes Dairy Drives Energy Engines Fibres Foods Forging Freight Gears"
    " Glass Grid Heating Hydro Hygiene Logistics Lumber Machines Malt Marine Metals Milling Minerals Mining Motors"
    " Paints Paper Petrol Pipes Plastics Polymers Ports Power Presses Pulp Pumps Rail Refining Salmon Shipping"
    " Steel Sugar Tools Towage Transport Tubes Turbines Utilities Valves Waste Water Windparks"
)
_FORMS = {"FI": "Oy", "SE": "AB", "DE": "GmbH", "GB": "Ltd"}


def model() -> Model:
    """The default model with every rule in use that needs to be told something."""
    return default(
        attributes={
            "operation_mode": {"label": "Operation mode"},
            "business_model": {"label": "Business model"},
            "nace": {"label": "Industry code"},
            "vat_id": {"label": "VAT id"},
            "running_hours": {"label": "Running hours a year", "type": "number"},
        },
        playbook={"platinum": {"contact_days": 30}},
        mandatory={
            "requirements": [
                {"key": "deals", "values": ["segment"], "stage": "warn", "deal_stages": ["Negotiation"]},
            ]
        },
        quality={
            "rules": {
                "parent_child": {"agree": ["segment", "value_profile"]},
                "missing_at_stage": {"stages": {"Proposal": ["amount", "value_profile"]}},
                "out_of_range": {"fields": {"employees": {"min": 1, "max": 500_000}, "running_hours": {"max": 8784}}},
            },
            "contradictions": [
                {"when": {"field": "nace", "starts_with": "35"}, "segment": ["energy"]},
                {"when": {"field": "nace", "starts_with": "06"}, "sub_segment": ["oil_gas"]},
                {
                    "when": {"field": "running_hours", "below": 2000},
                    "value_profile": ["lowest_lifetime_cost", "growth_partner", "standard_supply"],
                },
            ],
            "custom": [
                {
                    "key": "no_country",
                    "title": "Country missing",
                    "when": {"field": "country", "missing": True},
                    "message": "has no country, so no region answers for it",
                    "fix": "Enter the country",
                    "field": "country",
                }
            ],
        },
        crm={
            "salesforce": {
                "fields": {
                    "account": {
                        "operation_mode": "Operation_Mode__c",
                        "business_model": "Business_Model__c",
                        "nace": "Nace__c",
                        "vat_id": "Vat_Id__c",
                        "running_hours": "Running_Hours__c",
                    }
                }
            }
        },
    )


@dataclass
class Org:
    """Records by kind, the accounts' scores, and what is wrong with them, by name of the fault."""

    accounts: list[dict[str, Any]]
    users: list[dict[str, Any]]
    products: list[dict[str, Any]] = field(default_factory=list)
    deals: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)
    customers: list[dict[str, Any]] = field(default_factory=list)
    planted: dict[str, set[Key]] = field(default_factory=dict)
    computed: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def expected(self) -> set[Key]:
        return set().union(*self.planted.values())

    def plant(self, name: str, *keys: Key) -> None:
        self.planted.setdefault(name, set()).update(keys)

    def records(self) -> dict[str, pd.DataFrame]:
        kinds = {
            "account": self.accounts,
            "user": self.users,
            "product": self.products,
            "opportunity": self.deals,
            "order": self.orders,
            "customer": self.customers,
        }
        return {kind: pd.DataFrame(rows) for kind, rows in kinds.items()}

    def scores(self, using: Model) -> pd.DataFrame:
        frame = pd.DataFrame(self.accounts).rename(columns={"id": "account_id"})
        found = pipeline.described(frame, using, DAY)
        for name in ("tier", "last_contact_on", "no_rate"):
            found[name] = pd.Series([self.computed[key].get(name) for key in found["account_id"]], dtype=object)
        return found


def clean(seed: int, size: int, using: Model) -> Org:
    """An org in which nothing is wrong: every value is what the rules give."""
    random = np.random.default_rng(seed)
    users = [{"id": f"U{n}", "name": f"Owner {n}", "is_active": n < OWNERS} for n in range(OWNERS + 1)]
    pairs = random.choice(len(_FIRST) * len(_SECOND), size, replace=False)
    words = using.vocabulary
    rows: list[dict[str, Any]] = []
    for number, pair in enumerate(pairs):
        owner = int(random.integers(OWNERS))
        industries = words["industry"].values[:3] if owner == 0 else words["industry"].values
        country = str(random.choice(list(_FORMS)))
        rows.append(
            {
                "id": f"A{number:05}",
                "name": f"{_FIRST[pair % len(_FIRST)]} {_SECOND[pair // len(_FIRST)]} {_FORMS[country]}",
                "owner_id": f"U{owner}",
                "parent_id": None,
                "type": "Customer - Direct",
                "industry": str(random.choice(industries)),
                "country": country,
                "annual_revenue": int(random.integers(1, 900)) * 100_000 * SCALE,
                "employees": int(random.integers(1, 9000)),
                "external_id": f"{100000 + number}",
                "created_at": f"20{random.integers(10, 26)}-03-04T10:00:00Z",
                "operation_mode": str(random.choice(words["operation_mode"].values)),
                "business_model": str(random.choice(words["business_model"].values)),
                "nace": None,
                "vat_id": f"{country}{number:08}",
                "running_hours": None,
            }
        )
    described = pipeline.described(pd.DataFrame(rows).rename(columns={"id": "account_id"}), using, DAY)
    for name in ("segment", "sub_segment", "value_profile"):
        for row, value in zip(rows, described[name], strict=True):
            row |= {f"own_{name}": value, f"own_{name}_date": FRESH}
    for row in rows:
        row["own_tier"] = "silver"
    org = Org(rows, users)
    org.computed = {row["id"]: {"tier": "silver", "last_contact_on": "2026-10-20"} for row in rows}
    org.products = [{"id": f"P{n}", "name": f"Pump {n}", "code": f"P-{n}", "cost": 10 * SCALE} for n in range(9)]
    org.customers = [_customer(row, number) for number, row in enumerate(rows) if number % 2]
    org.deals = [_deal(number, rows[number % size]) for number in range(size // 2)]
    return org


def _customer(account: dict[str, Any], number: int) -> dict[str, Any]:
    """What the ERP has of an account: the same, spelt as an ERP spells it, and codes that nobody translates."""
    name, vat_id = str(account["name"]), str(account["vat_id"])
    spelt = (name.upper(), name.rsplit(" ", 1)[0], f"{name}, Branch", name.replace("a", "á"))[number // 2 % 4]
    country = account["country"].lower() if number % 3 else "Somewhere"
    return {
        "id": f"C{number:05}", "account_id": account["id"], "name": spelt, "country": country, "currency": None,
        "vat_id": f"{vat_id[:2]} {vat_id[2:]}", "is_blocked": False,
    }  # fmt: skip


def _deal(number: int, account: dict[str, Any], **given: Any) -> dict[str, Any]:
    stage = ("Prospecting", "Proposal", "Negotiation", "Closed Won")[number % 4]
    won = stage == "Closed Won"
    closes = DAY - timedelta(days=number % 300) if won else DAY + timedelta(days=number % 200)
    made = {
        "id": f"D{number:05}", "name": f"Deal {number}", "account_id": account["id"], "owner_id": "U1", "stage": stage,
        "is_won": won, "is_closed": won, "amount": 5000 * SCALE, "closes_on": closes, "product_name": "Pump 3",
    }  # fmt: skip
    return made | given


def certain(org: Org) -> None:
    """Plants each fault that a rule must find, on records of its own."""
    spare = iter(org.accounts)
    energy = (row for row in org.accounts if row["own_sub_segment"] == "power_producers")
    busy = (row for row in org.accounts if row["own_value_profile"] == "uptime_first")
    used: set[str] = set()

    def take(rows: Any, **values: Any) -> dict[str, Any]:
        row: dict[str, Any] = next(row for row in rows if row["id"] not in used)
        used.add(row["id"])
        row.update(values)
        return row

    def account(name: str, rule: str, column: str, rows: Any = spare, **values: Any) -> dict[str, Any]:
        row = take(rows, **values)
        org.plant(name, (rule, "account", row["id"], column))
        return row

    for output in ("segment", "sub_segment", "value_profile"):
        account(f"{output} missing", "missing", output, **{f"own_{output}": None})
        account(f"{output} of an older list", "not_in_list", output, **{f"own_{output}": "Class 7"})
    account("tier of an older list", "not_in_list", "tier", own_tier="A+")
    account("sub-segment of another segment", "sub_segment_of_segment", "sub_segment", energy, own_segment="services")
    others = (row for row in org.accounts if row["own_segment"] != "energy")
    account("segment against the industry code", "contradicts", "segment", others, nace="35.1")
    account("sub-segment against the industry code", "contradicts", "sub_segment", energy, nace="06.2")
    account("profile against the usage", "contradicts", "value_profile", busy, running_hours=700)
    for output, lacking in (("segment", "industry"), ("sub_segment", "industry"), ("value_profile", "operation_mode")):
        account(f"{output} stale", "stale", output, **{lacking: None, f"own_{output}_date": OLD})
    parent = take(energy, own_value_profile="uptime_first", operation_mode=None)
    child = take(others, parent_id=parent["id"], own_value_profile="uptime_first", operation_mode=None)
    org.plant("segment unlike the parent's", ("parent_child", "account", child["id"], "segment"))
    child = take(energy, parent_id=parent["id"], own_value_profile="growth_partner", operation_mode=None)
    org.plant("profile unlike the parent's", ("parent_child", "account", child["id"], "value_profile"))
    account("account of nobody", "owner_missing", "owner_id", owner_id=None)
    account("owner left", "owner_inactive", "owner_id", owner_id=f"U{OWNERS}")
    account("owner deleted", "owner_inactive", "owner_id", owner_id="U99")
    account("industry misspelt", "unknown_label", "industry", industry="Enrgy")
    account("operation mode unknown", "unknown_label", "operation_mode", operation_mode="Sometimes")
    account("business model unknown", "unknown_label", "business_model", business_model="Broker")
    account("too many employees", "out_of_range", "employees", employees=7_000_000)
    account("no employees", "out_of_range", "employees", employees=0)
    account("more hours than a year has", "out_of_range", "running_hours", running_hours=24_000)
    account("revenue below zero", "negative_amount", "annual_revenue", annual_revenue=-5 * SCALE)
    account("country missing", "custom_no_country", "country", country=None)
    row = account("no rate", "no_exchange_rate", "currency")
    org.computed[row["id"]]["no_rate"] = "JPY"
    row = account("contact overdue", "cadence_missed", "last_contact_on", own_tier="platinum")
    org.computed[row["id"]]["last_contact_on"] = "2026-08-01"
    row = account("never contacted", "cadence_missed", "last_contact_on", own_tier="platinum")
    org.computed[row["id"]]["last_contact_on"] = None
    _in_the_erp(org, used)
    _deals_and_orders(org, take, spare)


def _in_the_erp(org: Org, used: set[str]) -> None:
    """Faults of accounts that the ERP knows; some that look like one have a second number there, which agrees."""
    selling = {deal["account_id"] for deal in org.deals if not deal["is_closed"]}
    held = [each for each in org.customers if each["account_id"] not in used]
    quiet = (each for each in held if each["account_id"] not in selling)
    busy = (each for each in held if each["account_id"] in selling)
    for column, value in (("country", "NO"), ("name", "Quite Another Company"), ("vat_id", "FI99999999")):
        wrong, right = next(quiet), next(quiet)
        wrong[column] = value
        org.plant(f"{column} unlike the ERP's", ("crm_erp_disagree", "account", wrong["account_id"], column))
        org.customers.append({**right, "id": f"{right['id']}-2", column: value})  # the first number agrees
    blocked, half, idle = next(busy), next(busy), next(quiet)
    for each in (blocked, half, idle):
        each["is_blocked"] = True
    org.plant("sold to, but blocked", ("crm_erp_disagree", "account", blocked["account_id"], "is_blocked"))
    org.customers.append({**half, "id": f"{half['id']}-2", "is_blocked": False})
    used |= {each["account_id"] for each in org.customers if each["id"].endswith("-2")}


def _deals_and_orders(org: Org, take: Any, spare: Any) -> None:
    """Faults of deals, orders and products; the accounts of deals are taken where the fault is theirs."""
    number = len(org.deals)

    def deal(name: str, rule: str, column: str, account: dict[str, Any] | None = None, **given: Any) -> None:
        nonlocal number
        number += 1
        made = _deal(number * 4, account or org.accounts[-1], **given)  # in prospecting, unless given
        org.deals.append(made)
        org.plant(name, (rule, "opportunity", made["id"], column))

    deal("deal of nobody", "owner_missing", "owner_id", owner_id="")
    deal("deal of one who left", "owner_inactive", "owner_id", owner_id=f"U{OWNERS}")
    deal("deal of a deleted user", "owner_inactive", "owner_id", owner_id="U99")
    deal("deal without account", "orphan_record", "account_id", account_id=None)
    deal("deal of a deleted account", "orphan_record", "account_id", account_id="gone")
    deal("product unknown", "unknown_product", "product_name", product_name="Pmp 3")
    deal("proposal without amount", "missing_at_stage", "amount", stage="Proposal", amount=None)
    unclear, unplaced = take(spare, own_value_profile=None), take(spare, own_segment=None)
    deal("proposal without profile", "missing_at_stage", "value_profile", unclear, stage="Proposal")
    org.plant("proposal without profile", ("missing", "account", unclear["id"], "value_profile"))
    deal("negotiation without segment", "missing_at_stage", "segment", unplaced, stage="Negotiation")
    org.plant("negotiation without segment", ("missing", "account", unplaced["id"], "segment"))
    for row in (*org.deals,):
        if row["account_id"] in (unclear["id"], unplaced["id"]) and int(row["id"][1:]) * 2 < len(org.accounts):
            row["account_id"] = org.accounts[-1]["id"]
    deal("deal below zero", "negative_amount", "amount", amount=-1)
    deal("won tomorrow", "future_date", "closes_on", is_won=True, is_closed=True, closes_on=TODAY + timedelta(days=1))
    deal("long to be closed", "close_date_passed", "closes_on", closes_on=DAY - timedelta(days=31))
    org.products.append({"id": "P99", "name": "Pump 99", "code": "P-99", "cost": -1})
    org.plant("cost below zero", ("negative_amount", "product", "P99", "cost"))
    last = org.accounts[-1]["id"]
    for key, name, rule, column, given in (
        ("O1", "order without account", "orphan_record", "account_id", {"account_id": None}),
        ("O2", "order of a deleted account", "orphan_record", "account_id", {"account_id": "gone"}),
        ("O3", "order below zero", "negative_amount", "amount", {"amount": -7 * SCALE}),
        ("O4", "order of tomorrow", "future_date", "ordered_on", {"ordered_on": TODAY + timedelta(days=1)}),
        ("O5", "", "", "", {}),
        ("O6", "", "", "", {"amount": -7 * SCALE, "status": "Cancelled"}),
    ):
        right = {"account_id": last, "status": "Activated", "ordered_on": TODAY, "amount": SCALE}
        org.orders.append({"id": key, "number": key} | right | given)
        if name:
            org.plant(name, (rule, "order", key, column))


def likely(org: Org, seed: int, using: Model) -> None:
    """Plants what can only be judged: habits of owners, twins, and values at odds with the rules; and decoys."""
    random = np.random.default_rng(seed + 7)
    _habits(org, random)
    _twins(org, random)
    described = pipeline.described(pd.DataFrame(org.accounts).rename(columns={"id": "account_id"}), using, DAY)
    for row, segment, profile in zip(org.accounts, described["segment"], described["value_profile"], strict=True):
        if row["own_value_profile"] == profile and row["own_segment"] == segment and random.random() < 0.02:
            row["own_value_profile"] = "standard_supply" if profile != "standard_supply" else "uptime_first"
        if row["own_value_profile"] != profile and profile is not None:
            org.plant("profile unlike the rules", ("unlike_rules", "account", row["id"], "value_profile"))


def _habits(org: Org, random: np.random.Generator) -> None:
    """Three owners who choose one profile for nearly everybody; for some of their customers no rule can say."""
    chosen = random.choice(np.arange(1, OWNERS), 3, replace=False)
    for owner, profile in zip(chosen, ("standard_supply", "growth_partner", "standard_supply"), strict=True):
        for row in org.accounts:
            if row["owner_id"] == f"U{owner}" and random.random() < 0.9:
                row["own_value_profile"] = profile
                if random.random() < 0.3:
                    row["operation_mode"] = None
        org.plant("habit", ("default_share", "user", f"U{owner}", "value_profile"))


def _twins(org: Org, random: np.random.Generator) -> None:
    """Copies of accounts under a name that a person would have typed, and others that only look like copies."""
    originals = [org.accounts[n] for n in random.choice(len(org.accounts), 60, replace=False)]
    for number, row in enumerate(originals):
        made = {**row, "id": f"B{number:05}", "created_at": "2026-09-01T00:00:00Z", "external_id": None}
        words = str(row["name"]).split()
        kind = number % 10
        if kind < 6:
            made["name"] = (
                f"{words[0]} {words[1]}",
                f"{words[1]}, {words[0]} {words[2]}",
                f"{words[0].upper()} {words[1].upper()} {words[2]}.",
                f"{_mistyped(words[0], random)} {words[1]} {words[2]}",
                f"{words[0]}{words[1].lower()} {words[2]}",
                f"{words[0]} {_mistyped(words[1], random)}",
            )[kind]
            org.plant("twin", ("duplicate_account", "account", made["id"], "name"))
        elif kind == 6:
            made |= {"name": "Quite another name " + str(number), "external_id": row["external_id"]}
            org.plant("twin", ("duplicate_account", "account", made["id"], "name"))
        elif kind == 7:
            row["name"], made["name"] = f"{row['name']} Plant 1", f"{row['name']} Plant 2"
        elif kind == 8:
            made["country"] = {"FI": "SE", "SE": "DE", "DE": "GB", "GB": "FI"}[row["country"]]
        else:
            made["parent_id"] = row["id"]
        org.accounts.append(made)
        org.computed[made["id"]] = {"tier": "silver", "last_contact_on": "2026-10-20"}


def _mistyped(word: str, random: np.random.Generator) -> str:
    """Two letters swapped, one doubled or one left out, behind the first."""
    place = int(random.integers(1, len(word) - 1))
    return (
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1 :],
    )[int(random.integers(3))]
