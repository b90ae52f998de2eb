"""The card of ten real customers of each data set says nothing that cannot be found in the source files."""

from __future__ import annotations

import json
import math
import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from admin import card
from sync import outputs
from sync.writing import details
from tests.admin import card_facts
from tests.admin.card_facts import Customer, Facts
from tests.admin.companies import DATA, Company, loaded, needs_data, shared

ROOT = Path(__file__).parents[2]
RENDER = ROOT / "tests" / "admin" / "card" / "render.mjs"
needs_node = pytest.mark.skipif(not (ROOT / "node_modules").exists(), reason="needs npm: see make setup")
#: How a locale writes what the card tells: grouping, decimal point, and dates.
LOCALES = {
    "en-US": (",", ".", r"[A-Z][a-z]{2} \d{1,2}, \d{4}", "%b %d, %Y"),
    "de-DE": (".", ",", r"\d{2}\.\d{2}\.\d{4}", "%d.%m.%Y"),
}
#: Months of the window, per how much cost is told, invoices that a payment risk needs, places of tiers, full shares.
TOLD = frozenset({12.0, 100.0, 0.0, 5.0, 1.0, 2.0, 3.0, 4.0, 50.0})

Line = Mapping[str, str]


def held(row: Mapping[str, Any], company: Company, layout: outputs.Layout) -> dict[str, Any]:
    """What the sync writes of a score, by role, as a CRM hands it to the card."""
    values: dict[str, Any] = {f"detail_{key}": value for key, value in details.computed(row, layout.model).items()}
    values |= {"tier": row["tier"], "tier_reason": row["short_reason"], "tier_since": row["tier_since"]}
    values |= {"detail_scored_on": company.as_of.isoformat()}
    for key in card.CHOSEN:
        values |= {key: row[key], f"{key}_source": "rule", f"{key}_why": row[f"{key}_why"]}
    words = {key: layout.words(layout.names[key], values[key]) for key in (*card.CHOSEN, "tier") if values[key]}
    return {role: {"value": value, "label": words.get(role)} for role, value in values.items()}


def rendered(rows: Sequence[Mapping[str, Any]], company: Company, locale: str) -> list[list[Line]]:
    layout = outputs.layout_of(company.model, "salesforce")
    asked = {
        "model": card.facts(company.model, layout),
        "words": card.words(),
        "locale": locale,
        "today": company.as_of.isoformat(),
        "accounts": [held(row, company, layout) for row in rows],
    }
    command = ["node", "--no-warnings", str(RENDER), str(ROOT / "admin" / "card" / "content.js")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    told: list[list[Line]] = json.loads(done.stdout)
    return told


def unfounded(lines: Sequence[Line], one: Customer, facts: Facts, locale: str) -> list[str]:
    """Dates and numbers of a card that the source files do not have."""
    group, point, dates, form = LOCALES[locale]
    number = re.compile(rf"(?<![\w])-?\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|-?\d+(?:{re.escape(point)}\d+)?")
    found = []
    for line in lines:
        text = line["text"]
        for day in re.findall(dates, text):
            if day not in {each.strftime(form).replace(" 0", " ") for each in one.days}:
                found.append(f"{day} in: {text}")
        for written in number.findall(re.sub(dates, "", text)):
            value = float(written.replace(group, "").replace(point, "."))
            if not _known(value, line["path"], text, one, facts):
                found.append(f"{written} in: {text}")
    return found


def _known(value: float, path: str, text: str, one: Customer, facts: Facts) -> bool:
    if path == ".nearest":
        return _moves(value, text, one, facts)
    shares = [100 * part / one.total for part in one.cost.values()] if one.total else []
    exact = {*one.numbers, *facts.constants, *TOLD}
    measured = [facts.points(one), one.per_100]
    rounded = [one.worth, one.total, *shares]
    return (
        value in exact
        or any(math.isfinite(each) and 0 <= each - value < 0.1001 for each in measured)
        or any(abs(each - value) <= 0.05001 for each in measured)
        or any(abs(each - value) <= 0.5001 for each in rounded)
    )


def _moves(value: float, text: str, one: Customer, facts: Facts) -> bool:
    """A change that is told would do it: it leads to a worth that marks the boundary, or to its cost per 100."""
    change = -value if "less" in text else value
    if "cost to serve" not in text:
        reached = one.worth + change
        return any(abs(reached - edge) <= 1.001 for edge in _edges(facts))
    if one.worth <= 0:
        return False
    low, high = _band(facts)
    per_100 = 100 * (one.total + change) / one.worth
    slack = 100 * 1.0 / one.worth
    return low - slack <= per_100 <= high + slack


def _edges(facts: Facts) -> list[float]:
    """Worths of customers, and nothing at all: a boundary lies at one of them."""
    return [0.0, *(each.worth for each in facts.customers.values())]


def _band(facts: Facts) -> tuple[float, float]:
    """Where the boundary of high cost may lie: a tenth to either side of the middle customer, for hysteresis."""
    measured = sorted(each.per_100 for each in facts.customers.values() if each.worth > 0)
    middle = measured[int(len(measured) * card_facts.COST_CUT)]
    return 0.8 * middle, 1.2 * middle


_SAID = re.compile(r"\d")


@pytest.fixture(scope="module", params=["crm_sales", "adventureworks"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    company = shared(loaded(tmp_path_factory, request.param), request.param)
    with company.org, company.database:
        rows = json.loads(company.scores[company.scores["in_scope"]].to_json(orient="records", double_precision=6))
        accounts = company.rows("SELECT Id, Name, AccountNumber FROM Account")
        keys = {row["Id"]: row["AccountNumber"] or row["Name"] for row in accounts}
        by_tier: dict[str, list[Any]] = {}
        for row in sorted(rows, key=lambda row: str(row["account_id"])[::-1]):  # any order but that of the file
            by_tier.setdefault(row["tier"], []).append(row)
        ten = [row for some in by_tier.values() for row in some[:3]][:10]
        facts: Facts = getattr(card_facts, request.param)(DATA / request.param)
        yield company, ten, [facts.customers[keys[row["account_id"]]] for row in ten], facts


@needs_data
@needs_node
def test_every_number_on_ten_cards_is_in_the_source_files(told: Any) -> None:
    company, ten, customers, facts = told
    assert len(ten) == 10
    for locale in LOCALES:
        count = 0
        for lines, one in zip(rendered(ten, company, locale), customers, strict=True):
            assert not unfounded(lines, one, facts, locale), (locale, one.name)
            count += sum(bool(_SAID.search(line["text"])) for line in lines)
        assert count > 80


@needs_data
@needs_node
def test_a_card_of_somebody_else_is_found_out(told: Any) -> None:
    company, ten, customers, facts = told
    cards = rendered(ten, company, "en-US")
    others = [*customers[1:], customers[0]]
    assert all(unfounded(lines, one, facts, "en-US") for lines, one in zip(cards, others, strict=True))
    wrong = replace(customers[0], worth=customers[0].worth + 40, days=frozenset({date(2000, 1, 1)}))
    assert len(unfounded(cards[0], wrong, facts, "en-US")) >= 2
