"""Data-quality rules in orgs of other languages and trades: what is right is left alone, twins are found."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest

from scoring import pipeline, quality
from scoring.quality import Checked, Finding
from tests.scoring.frames import DAY, default

CHOSEN = ("segment", "sub_segment", "value_profile")
_OWN = ("operation_mode", "business_model", "vat_id")
MODEL = default(
    attributes=dict.fromkeys(_OWN), crm={"salesforce": {"fields": {"account": {name: f"{name}__c" for name in _OWN}}}}
)


def found(rows: list[dict[str, Any]], erp: dict[str, Any] | None = None) -> list[Finding]:
    """What is wrong with these accounts, which hold what the rules give them; `erp`: the first one there."""
    base = {
        "owner_id": "U1", "parent_id": None, "type": "Customer - Direct", "industry": "Energy", "country": "ES",
        "annual_revenue": 10**9, "employees": 10, "external_id": None, "created_at": "2020-01-01T00:00:00Z",
        "operation_mode": "24/7", "business_model": "Contractor", "currency": None, "vat_id": None,
        "own_tier": "silver", **{f"own_{name}_date": date(2026, 6, 1) for name in CHOSEN},
    }  # fmt: skip
    accounts = pd.DataFrame([{"id": f"A{number}", **base, **row} for number, row in enumerate(rows)])
    scores = pipeline.described(accounts.rename(columns={"id": "account_id"}), MODEL, DAY)
    for name in CHOSEN:
        accounts[f"own_{name}"] = scores[name]
    records = {"account": accounts, "user": pd.DataFrame([{"id": "U1", "name": "Ann", "is_active": True}])}
    if erp is not None:
        records["customer"] = pd.DataFrame([{"id": "C1", "account_id": "A0", "is_blocked": False, **erp}])
    scores = scores.assign(tier="silver", last_contact_on="2026-10-20", no_rate=None)
    return quality.check(Checked(records, scores, MODEL, DAY, DAY))


@pytest.mark.parametrize(
    "names",
    [
        ["株式会社東京電力", "株式会社大阪電力", "有限会社山田", "株式会社名古屋製作所"],
        ["中国石油", "中国石化", "中国移动", "삼성전자", "삼성물산"],
        ["ООО Ромашка", "ООО Василёк", "АО Газпром", "ПАО Северсталь"],
        ["شركة النور", "شركة الأمل", "מפעלי הגליל", "מפעלי הנגב"],
        ["ABC Sp. z o.o.", "ABD Sp. z o.o.", "Alfa s.r.o.", "Beta s.r.o.", "Gama d.o.o.", "Gala d.o.o."],
        ["3M", "BP", "GE", "HP", "SAP", "SAS", "ABB", "ABC", "AG", "Co"],
        [
            "Fondo Capital I",
            "Fondo Capital II",
            "Fondo Capital III",
            "Wind Farm A",
            "Wind Farm B",
            "Plant 1",
            "Plant 2",
        ],
        [
            "Müller GmbH",
            "Möller GmbH",
            "Universidad de Granada",
            "Universidad de Murcia",
            "Hotel Alpha",
            "Hotel Alpina",
        ],
    ],
)
def test_other_companies_are_no_duplicates(names: list[str]) -> None:
    assert [each.message for each in found([{"name": name} for name in names])] == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("Łódź Żuraw Sp. z o.o.", "Lodz Zuraw"), ("Ærø Søfart A/S", "Aero Sofart"), ("株式会社東京", "東京株式会社"),
        ("ООО Ромашка", "Ромашка ООО"), ("Αθήνα ΑΕ", "ΑΘΗΝΑ Α.Ε."), ("Straße GmbH", "Strasse"),
        ("Alfa S. L.", "Alfa SL"),
        ("JP Morgan", "J. P. Morgan"),
    ],
)  # fmt: skip
def test_one_company_in_two_spellings_is_found(older: str, newer: str) -> None:
    (told,) = found([{"name": older}, {"name": newer, "created_at": "2021-01-01T00:00:00Z"}])
    assert (told.rule, told.record_id) == ("duplicate_account", "A1")


@pytest.mark.parametrize(
    ("column", "crm", "erp", "differs"),
    [
        ("country", "ES", "Spain", False), ("country", "ES", "ESP", False), ("country", "GB", "UK", False),
        ("country", "GR", "EL", False), ("country", "日本", "JP", False),
        ("country", "Côte d'Ivoire", "COTE D'IVOIRE", False),
        ("country", "SE", "FI", True), ("country", "SWE", "FIN", True), ("country", "Sweden", "Finland", True),
        ("vat_id", "ESB1234567", "B1234567", False), ("vat_id", "DE123456789", "123 456 789", False),
        ("vat_id", "DE123456789", "DE123456780", True), ("vat_id", "DE123456789", "AT123456789", True),
        ("vat_id", "FI12345678", "12345679", True), ("name", "Łódź Energia", "LODZ ENERGIA SP. Z O.O.", False),
        ("name", "株式会社東京", "東京株式会社", False), ("name", "Alfa Energia", "Beta Textil", True),
    ],
)  # fmt: skip
def test_crm_and_erp_differ_in_meaning_not_in_spelling(column: str, crm: str, erp: str, differs: bool) -> None:
    told = found([{"name": "Alfa Energia", column: crm}], {column: erp})
    assert [(each.rule, each.field) for each in told] == ([("crm_erp_disagree", column)] if differs else [])
