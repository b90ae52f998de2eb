"""The Salesforce project: what the model says and nothing else, valid, whole, and refusing exactly what it should."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import simple_salesforce
from lxml import etree

from admin import package
from connectors.salesforce.permissions import BYPASS
from scoring import model, presets

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "salesforce"
NS = "{http://soap.sforce.com/2006/04/metadata}"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SOURCE = "force-app/main/default/"


def components() -> Iterator[tuple[str, Any]]:
    """Path and root of every metadata file."""
    for path in sorted(FOLDER.rglob("*-meta.xml")):
        yield str(path.relative_to(FOLDER)), described(path.read_bytes())


def described(content: bytes) -> Any:
    """Root of a metadata file, without the part of a Lightning component that the WSDL leaves open."""
    root = etree.fromstring(content)
    for element in root.findall(f"{NS}targetConfigs"):
        root.remove(element)
    return root


def texts(root: Any, *tags: str) -> set[str]:
    return {found.text for tag in tags for found in root.iter(f"{NS}{tag}") if found.text}


def test_the_files_are_those_of_the_default_model() -> None:
    written = {str(path.relative_to(FOLDER)): path.read_bytes() for path in FOLDER.rglob("*") if path.is_file()}
    assert written == package.files(presets.load("default"))


@pytest.fixture(scope="module")
def wsdl() -> Any:
    """The schema inside the WSDL that simple-salesforce brings, with an element for every type."""
    tree = etree.parse(str(Path(simple_salesforce.__file__).with_name("metadata.wsdl")))
    schema = copy.deepcopy(tree.find(f".//{XSD}schema"))
    for bundle in schema.iterfind(f"{XSD}complexType[@name='LightningComponentBundle']"):
        for element in bundle.iterfind(f".//{XSD}element[@name='targetConfigs']"):
            element.getparent().remove(element)
    present = {element.get("name") for element in schema.iterfind(f"{XSD}element")}
    for kind in list(schema.iterfind(f"{XSD}complexType")):
        if kind.get("name") not in present:
            etree.SubElement(schema, f"{XSD}element", name=kind.get("name"), type=f"tns:{kind.get('name')}")
    alone = etree.Element(schema.tag, schema.attrib, nsmap=tree.getroot().nsmap)
    alone.extend(schema)
    return etree.XMLSchema(alone)


def test_every_file_is_valid_against_the_wsdl(wsdl: Any) -> None:
    checked = 0
    for path, root in components():
        assert wsdl.validate(root), f"{path}: {wsdl.error_log.last_error}"
        checked += 1
    assert checked > 20


def test_a_model_that_uses_everything_gives_valid_files(wsdl: Any) -> None:
    text = presets.text("default").replace(
        "\nguard: ",
        "\ndetail: {enabled: true}\nopportunities: {values: [segment, sub_segment, tier]}\n"
        "leads: {values: [segment, sub_segment]}\nrequests: {enabled: true}\nguard: ",
    )
    files = {
        path: content for path, content in package.files(model.parse(text, "all")).items() if path.endswith(".xml")
    }
    for path, content in files.items():
        assert wsdl.validate(described(content)), f"{path}: {wsdl.error_log.last_error}"
    objects = {path.split("/")[4] for path in files if "/objects/" in path}
    assert objects == {"Account", "Opportunity", "Lead", "Tierline_Detail__c"}
    for role in ("Integration", "Seller", "Data_Owner"):
        granted = etree.fromstring(files[f"{SOURCE}permissionsets/Tierline_{role}.permissionset-meta.xml"])
        named = {entry.findtext(f"{NS}object") for entry in granted.iterfind(f"{NS}objectPermissions")}
        assert named == {"Account", "Tierline_Detail__c"}  # a detail cannot be read without its master
        assert "Tierline_Detail__c.Tierline_Account__c" not in texts(granted, "field")  # a master is everybody's


def test_every_reference_leads_somewhere() -> None:
    paths = {path.removeprefix(SOURCE) for path, _ in components()}
    fields = {f"Account.{path.split('/')[-1].split('.')[0]}" for path in paths if "/fields/" in path}
    for path, root in components():
        for field in texts(root, "field", "controllingField", "columns"):
            if field.endswith("__c"):
                assert f"Account.{field.removeprefix('Account.')}" in fields, f"{path}: {field}"
        for name in texts(root, "valueSetName"):
            assert f"globalValueSets/{name}.globalValueSet-meta.xml" in paths
        for granted in root.iterfind(f"{NS}customPermissions"):
            assert f"customPermissions/{granted.findtext(f'{NS}name')}.customPermission-meta.xml" in paths
        for formula in texts(root, "errorConditionFormula"):
            assert f"$Permission.{BYPASS}" in formula


def test_no_field_is_required_and_every_list_is_restricted() -> None:
    for path, root in components():
        if "/fields/" in path:
            assert texts(root, "required") <= {"false"}, path
            assert texts(root, "restricted") <= {"true"}, path


def rule(owner: str) -> str:
    (path,) = (FOLDER / SOURCE / "objects" / owner / "validationRules").iterdir()
    found = etree.parse(str(path)).getroot().findtext(f"{NS}errorConditionFormula")
    assert isinstance(found, str)
    return found


def evaluate(cases: list[dict[str, Any]]) -> list[Any]:
    done = subprocess.run(
        ["node", str(Path(__file__).with_name("formulas.mjs"))],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    results: list[Any] = json.loads(done.stdout)
    return results


def test_the_account_rule_refuses_exactly_what_it_should() -> None:
    """All 128 combinations, against what DESIGN asks for in words."""
    cases, expected = [], []
    for bypass, new, changed, customer, segment, sub, profile in product((True, False), repeat=7):
        fields = {
            f"Permission_{BYPASS}": bypass,
            "Is_New": new,
            "Changed_Type": changed,
            "Type": "Customer - Direct" if customer else "Competitor",
            "Tierline_Segment__c": "energy" if segment else "",
            "Tierline_Sub_Segment__c": "utilities" if sub else "",
            "Tierline_Value_Profile__c": "uptime_first" if profile else "",
        }
        cases.append({"formula": rule("Account"), "fields": fields})
        expected.append(not bypass and (new or changed) and customer and not (segment and sub and profile))
    assert evaluate(cases) == expected


def test_the_opportunity_rule_looks_only_at_the_chosen_stage() -> None:
    cases, expected = [], []
    for bypass, new, changed, won, customer, filled in product((True, False), repeat=6):
        fields = {
            f"Permission_{BYPASS}": bypass,
            "Is_New": new,
            "Changed_StageName": changed,
            "StageName": "Closed Won" if won else "Prospecting",
            "Account.Type": "Customer - Channel" if customer else "Other",
            "Account.Tierline_Segment__c": "energy" if filled else "",
            "Account.Tierline_Sub_Segment__c": "utilities",
            "Account.Tierline_Value_Profile__c": "uptime_first",
        }
        cases.append({"formula": rule("Opportunity"), "fields": fields})
        expected.append(not bypass and (new or changed) and won and customer and not filled)
    assert evaluate(cases) == expected
