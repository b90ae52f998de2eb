"""Files become the records of a HubSpot account: the example of LOADING.md, and what is told of mistakes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox import load as loading
from connectors.sandbox import mapping, portal_load
from connectors.sandbox.background import serving_portal
from connectors.sandbox.load import LoadReport
from connectors.sandbox.mapping import LoadError
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.standard import OBJECT_TYPES

LOADING = (Path(loading.__file__).parent / "LOADING.md").read_text(encoding="utf-8")


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with Portal.open(tmp_path / "portal") as opened:
        yield opened


def example(folder: Path) -> mapping.Mapping:
    """The files of LOADING.md, written to the folder, and its mapping for HubSpot."""
    for name, content in re.findall(r"`([\w.]+\.csv)`\n\n```csv\n(.*?)```", LOADING, re.DOTALL):
        (folder / name).write_text(content, encoding="utf-8")
    (text,) = (block for block in re.findall(r"```yaml\n(.*?)```", LOADING, re.DOTALL) if "crm: hubspot" in block)
    return mapping.parse(text, "LOADING.md")


def put(portal: Portal, folder: Path, text: str, **files: str) -> LoadReport:
    for name, content in files.items():
        (folder / f"{name}.csv").write_text(content, encoding="utf-8")
    return portal_load.load(portal, folder, mapping.parse(f"name: test\ncrm: hubspot\n{text}", "mapping.yaml"))


def rows(portal: Portal, kind: str, *names: str) -> dict[str, dict[str, Any]]:
    """By title."""
    found = portal.records.page(OBJECT_TYPES[kind], [*names, OBJECT_TYPES[kind].title], after=0, limit=100)
    return {each.values[OBJECT_TYPES[kind].title]: {name: each.values[name] for name in names} for each in found}


def test_the_example_of_the_documentation(portal: Portal, tmp_path: Path) -> None:
    report = portal_load.load(portal, tmp_path, example(tmp_path))
    assert report.rows == {"owners": 2, "companies": 3, "deals": 2}
    owner = portal.owners.by_email("asa.oberg@acme.example")
    assert owner is not None
    companies = rows(
        portal, "companies", "hs_object_id", "sector", "annualrevenue", "hubspot_owner_id", "hs_parent_company_id"
    )
    holding, pumps = companies["Acme Holding"], companies["Acme Pumps"]
    assert pumps.items() >= {
        "sector": "energy", "annualrevenue": "8200000", "hubspot_owner_id": str(owner.id),
        "hs_parent_company_id": str(holding["hs_object_id"]),
    }.items()  # fmt: skip
    deals = rows(portal, "deals", "amount", "hs_is_closed_won", "closedate", "hs_primary_associated_company")
    assert deals["Order S1"] == {
        "amount": "2479.90", "hs_is_closed_won": "true", "closedate": 1769817600000,
        "hs_primary_associated_company": str(pumps["hs_object_id"]),
    }  # fmt: skip


def test_a_browser_sees_the_records_and_what_belongs_to_them(portal: Portal, tmp_path: Path) -> None:
    portal_load.load(portal, tmp_path, example(tmp_path))
    with serving_portal(portal) as served:

        def page(path: str) -> str:
            answer = requests.get(served.url + path, timeout=30)
            assert answer.status_code == 200
            return answer.text

        assert re.search(r"Companies</a></td>.*?>3</td>", page("/"))
        listing = page(f"/contacts/{portal.portal_id}/objects/0-2/views/all/list?q=pum")
        assert "Acme Pumps" in listing
        assert "Bolt" not in listing
        path = re.search(r'href="(/contacts/\d+/record/0-2/\d+)"', listing)
        assert path is not None
        record = page(path[1])
        assert "(Parent Company)" in record
        assert "Åsa Öberg" in record  # the owner by name
        assert "import, 2024-05-01 00:00" in record
        assert re.search("Empty: .*Website URL", record)
        assert "Order S1" in record
        assert requests.get(f"{served.url}/contacts/1/record/0-2/5", timeout=30).status_code == 404


BAD = "load: [{object: companies, file: a.csv, fields: {name: n, industry: i, annualrevenue: r}}]"
SALESFORCE = "fields: {Account: {Industry: {values: [a]}}}"
DATED = "currencies: {corporate: EUR, rates: {USD: 1.25}, dated: {USD: {2026-01-01: 1.2}}}"
MISNAMED = "properties: {companies: {Bad Name: {}}}"


@pytest.mark.parametrize(
    ("text", "file", "message"),
    [
        (BAD, "n,i,r\nA,BANKING,1\nB,NOWHERE,2\n", "a.csv, line 3, column i: NOWHERE was not one of"),
        (BAD, "n,i,r\nA,BANKING,many\n", "a.csv, line 2, column r: many was not a valid number"),
        (BAD.replace("name: n", "nome: n"), "n,i,r\n", "load[0].fields.nome: companies have no property nome"),
        (BAD.replace("companies", "accounts"), "n,i,r\n", "load[0].object: a portal has no object type accounts"),
        (f"{SALESFORCE}\n{BAD}", "n,i,r\n", "fields cannot be in a mapping for hubspot"),
        (f"{DATED}\n{BAD}", "n,i,r\n", "currencies: an account of HubSpot has no dated rates"),
        (f"{MISNAMED}\n{BAD}", "n,i,r\n", "Bad Name: Property name 'Bad Name' must begin"),
    ],
)  # fmt: skip
def test_mistakes_are_told_with_their_place_and_nothing_is_loaded(
    portal: Portal, tmp_path: Path, text: str, file: str, message: str
) -> None:
    with pytest.raises(LoadError) as caught:
        put(portal, tmp_path, text, a=file)
    assert message in caught.value.message
    assert caught.value.next_step
    assert rows(portal, "companies") == {}
