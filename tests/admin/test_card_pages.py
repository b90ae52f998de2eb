"""The card and its pages are installed and removed through the API, and an org that lacks something says what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from admin import package
from connectors.errors import SchemaMismatch
from connectors.salesforce import pages
from connectors.salesforce.crm import Salesforce
from connectors.sandbox.background import serving
from connectors.sandbox.org.org import Org
from scoring import presets
from sync import outputs
from tests.contract.salesforce import SalesforceGround

LAYOUT = outputs.layout_of(presets.load("default"), "salesforce")
LWC = "lwc/accountTier/accountTier"


def signs(crm: Salesforce, files: Mapping[str, bytes]) -> list[str]:
    return [f"{step.sign} {step.target}" for step in crm.plan_pages(files)]


@pytest.fixture
def files() -> dict[str, bytes]:
    return package.pages(LAYOUT)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Salesforce]:
    """An org with the fields that list views name."""
    with Org.open(tmp_path_factory.mktemp("crm")) as org, serving(org) as served:
        crm = SalesforceGround(served).connect()
        assert isinstance(crm, Salesforce)
        crm.apply_schema(crm.plan_schema(LAYOUT.specs()))
        yield crm


def test_they_are_planned_installed_found_again_and_removed(installed: Salesforce, files: dict[str, bytes]) -> None:
    planned = installed.plan_pages(files)
    assert {step.sign for step in planned} == {"+"}
    targets = [step.target for step in planned]
    assert targets[1:] == [
        "LightningComponentBundle accountTier", "ListView Account.Tierline_My_Accounts_To_Fix",
        "ListView Account.Tierline_My_Best_Accounts", "FlexiPage Tierline_Account",
    ]  # fmt: skip
    assert targets[0].endswith("custom labels")
    installed.apply_pages(files)
    assert {step.sign for step in installed.plan_pages(files)} == {"="}
    changed = package.pages(outputs.layout_of(presets.load("default"), "salesforce"))
    changed = pages.marked({**changed, "lwc/accountTier/content.js": b"// another\n"}, f"{LWC}.js-meta.xml")
    assert "~ LightningComponentBundle accountTier" in signs(installed, changed)
    created = [name for step in planned for name in step.creates]
    gone = installed.plan_removal(created, delete_data=False)
    assert len(gone.changes) == len(created)
    installed.remove_schema(gone)
    assert {step.sign for step in installed.plan_pages(files)} == {"+"}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({f"{LWC}.js-meta.xml": None}, "accountTier.js-meta.xml is missing"),
        ({"lwc/accountTier/content.js": None}, "Unable to resolve ./content"),
        ({"labels/CustomLabels.labels-meta.xml": b"<CustomLabels/>"}, "of type label in file words.js"),
        ({"recordpage": (b"lightning__RecordPage", b"lightning__RecordPag")}, "isn't a valid target"),
        ({"recordpage": (b"<target>lightning__RecordPage", b"<target>lightning__AppPage")}, "targetConfig"),
        ({"flexipages": (b">accountTier<", b">accountTire<")}, "couldn't retrieve or load the component"),
        ({"listViews": (b"Tierline_Segment__c", b"Tierline_Segmnt__c")}, "Could not resolve list view column"),
    ],
)
def test_an_org_refuses_what_leads_nowhere_and_keeps_nothing(
    installed: Salesforce, files: dict[str, bytes], change: dict[str, object], why: str
) -> None:
    ((name, value),) = change.items()
    if isinstance(value, tuple):
        part = "js-meta.xml" if name == "recordpage" else name
        files = {path: text.replace(*value) if part in path else text for path, text in files.items()}
    elif value is None:
        meta, files = files, {path: text for path, text in files.items() if path != name}
        assert len(meta) > len(files)
    else:
        assert isinstance(value, bytes)
        namespaced = value.replace(b"/>", b' xmlns="http://soap.sforce.com/2006/04/metadata"/>')
        files = {**files, name: namespaced}
    with pytest.raises(SchemaMismatch, match="nothing was changed") as refused:
        installed.apply_pages(files)
    assert why in str(refused.value)
    assert {step.sign for step in installed.plan_pages(package.pages(LAYOUT))} == {"+"}


def test_what_is_still_used_is_not_removed_alone(installed: Salesforce, files: dict[str, bytes]) -> None:
    created = [name for step in installed.plan_pages(files) for name in step.creates]
    installed.apply_pages(files)
    alone = installed.plan_removal(["LightningComponentBundle accountTier"], delete_data=False)
    with pytest.raises(SchemaMismatch, match="referenced elsewhere: Lightning Page Tierline_Account"):
        installed.remove_schema(alone)
    installed.remove_schema(installed.plan_removal(created, delete_data=False))
