"""Deployments of a zip: what is saved, what is rolled back, what a check-only run leaves behind (nothing)."""

from __future__ import annotations

import base64
import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]
NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'

SHADES = (
    f"<GlobalValueSet {NS}><customValue><fullName>dark</fullName><default>false</default><label>Dark</label>"
    "</customValue><masterLabel>Shades</masterLabel><sorted>false</sorted></GlobalValueSet>"
)
SHADE_FIELD = (
    "<fields><fullName>Shade__c</fullName><label>Shade</label><type>Picklist</type>"
    "<valueSet><restricted>true</restricted><valueSetName>Shades</valueSetName></valueSet></fields>"
)
BROKEN_FIELD = "<fields><fullName>Broken__c</fullName><label>Broken</label><type>Text</type></fields>"
VIEWERS = (
    f"<PermissionSet {NS}><fieldPermissions><editable>true</editable><field>Account.Shade__c</field>"
    "<readable>true</readable></fieldPermissions><label>Viewers</label></PermissionSet>"
)


def account(*fields: str) -> str:
    return f"<CustomObject {NS}>{''.join(fields)}</CustomObject>"


def package(files: Mapping[str, str], members: Mapping[str, str], folder: str = "") -> bytes:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names.split())}<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    whole = {**files, "package.xml": f"<Package {NS}>{types}<version>63.0</version></Package>"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in whole.items():
            archive.writestr(folder + name, content)
    return buffer.getvalue()


GOOD = package(
    {
        "objects/Account.object": account(SHADE_FIELD),
        "permissionsets/Viewers.permissionset": VIEWERS,
        "globalValueSets/Shades.globalValueSet": SHADES,
    },
    {"CustomField": "Account.Shade__c", "GlobalValueSet": "Shades", "PermissionSet": "Viewers"},
)
OWN_SHADES = SHADE_FIELD.replace(
    "<valueSetName>Shades</valueSetName>",
    "<valueSetDefinition><sorted>false</sorted><value><fullName>dark</fullName><default>false</default>"
    "<label>Dark</label></value></valueSetDefinition>",
)
HALF = package(
    {"objects/Account.object": account(BROKEN_FIELD, OWN_SHADES.replace("Shade__c", "Whole__c"))},
    {"CustomField": "Account.Broken__c Account.Whole__c"},
)


def deploy(metadata: Call, content: bytes, **options: bool) -> Node:
    """Deploy by SOAP and poll until it is done."""
    wanted = "".join(f"<{key}>{str(value).lower()}</{key}>" for key, value in options.items())
    zipped = base64.b64encode(content).decode()
    started = metadata("deploy", f"<ZipFile>{zipped}</ZipFile><DeployOptions>{wanted}</DeployOptions>").child("result")
    assert started is not None
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        asked = f"<asyncProcessId>{started.get('id')}</asyncProcessId><includeDetails>true</includeDetails>"
        result = metadata("checkDeployStatus", asked).child("result")
        assert result is not None
        if result.flag("done"):
            return result
        assert result.get("status") == "InProgress"
        time.sleep(0.05)
    raise AssertionError("the deployment never ended")


def exists(metadata: Call, kind: str, name: str) -> bool:
    result = metadata("readMetadata", f"<type>{kind}</type><fullNames>{name}</fullNames>").child("result")
    assert result is not None
    return not result.all("records")[0].nil


def failures(result: Node) -> list[tuple[str, str]]:
    details = result.child("details")
    assert details is not None
    return [(node.get("fullName"), node.get("problem")) for node in details.all("componentFailures")]


def test_a_check_only_deployment_leaves_no_trace(metadata: Call) -> None:
    result = deploy(metadata, GOOD, checkOnly=True, singlePackage=True)
    assert (result.get("status"), result.get("numberComponentsTotal")) == ("Succeeded", "3")
    assert not exists(metadata, "GlobalValueSet", "Shades")
    assert not exists(metadata, "CustomField", "Account.Shade__c")


def test_components_are_saved_in_the_order_they_need(metadata: Call) -> None:
    result = deploy(metadata, GOOD, singlePackage=True)
    assert result.get("status") == "Succeeded", failures(result)
    assert exists(metadata, "CustomField", "Account.Shade__c")
    assert exists(metadata, "PermissionSet", "Viewers")
    again = deploy(metadata, GOOD).child("details")
    assert again is not None
    changed = {node.get("fullName"): node.flag("changed") for node in again.all("componentSuccesses")}
    assert changed["Account.Shade__c"] is False


def test_a_failure_rolls_everything_back_if_asked_to(metadata: Call) -> None:
    result = deploy(metadata, HALF, rollbackOnError=True)
    assert result.get("status") == "Failed"
    assert failures(result) == [("Account.Broken__c", "Must specify 'length' for a CustomField of type Text")]
    assert not exists(metadata, "CustomField", "Account.Whole__c")


def test_without_rollback_the_good_components_are_saved(metadata: Call) -> None:
    result = deploy(metadata, HALF, rollbackOnError=False)
    assert (result.get("status"), result.get("numberComponentErrors")) == ("SucceededPartial", "1")
    assert exists(metadata, "CustomField", "Account.Whole__c")


def test_a_member_without_a_file_fails_unless_that_is_allowed(metadata: Call) -> None:
    content = package({}, {"CustomField": "Account.Ghost__c"}, folder="unpackaged/")
    refused = deploy(metadata, content, rollbackOnError=True)
    assert "was named in package.xml, but was not found in zipped directory" in failures(refused)[0][1]
    assert deploy(metadata, content, allowMissingFiles=True).get("status") == "Succeeded"


def test_destructive_changes_delete_fields(metadata: Call) -> None:
    made = package(
        {"objects/Account.object": account(OWN_SHADES.replace("Shade__c", "Gone__c"))}, {"CustomObject": "Account"}
    )
    assert deploy(metadata, made).get("status") == "Succeeded"
    removal = f"<Package {NS}><types><members>Account.Gone__c</members><name>CustomField</name></types></Package>"
    assert deploy(metadata, package({"destructiveChanges.xml": removal}, {})).get("status") == "Succeeded"
    assert not exists(metadata, "CustomField", "Account.Gone__c")


@pytest.mark.parametrize("content", [b"not a zip", package({}, {})[:-30]])
def test_an_unreadable_zip_fails_with_a_reason(metadata: Call, content: bytes) -> None:
    result = deploy(metadata, content)
    assert result.get("status") == "Failed"
    assert "zip" in result.get("errorMessage")


def test_a_file_the_sandbox_does_not_know_is_a_failure_not_a_silence(metadata: Call) -> None:
    content = package({"classes/X.cls": "class X {}"}, {"ApexClass": "X"})
    found = failures(deploy(metadata, content, rollbackOnError=True))
    assert ("X.cls", "The sandbox does not deploy files of classes") in found


@pytest.mark.parametrize("part", ["json", "entity_content"])
def test_rest_deploys_and_is_polled(served: Served, part: str) -> None:
    files: dict[str, Any] = {
        "file": ("deploy.zip", GOOD, "application/zip"),
        part: (None, json.dumps({"deployOptions": {"checkOnly": True, "singlePackage": True}}), "application/json"),
    }
    started = served.request("POST", "metadata/deployRequest", files=files)
    assert started.status_code == 201
    address = f"metadata/deployRequest/{started.json()['id']}"
    deadline = time.monotonic() + 10
    while not (result := served.request("GET", address).json()["deployResult"])["done"]:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert (result["status"], result["checkOnly"]) == ("Succeeded", True)
    details = served.request("GET", address, params={"includeDetails": "true"}).json()["deployResult"]["details"]
    assert len(details["componentSuccesses"]) == 4
    assert served.request("GET", "metadata/deployRequest/0Af000000000000AAA").status_code == 404
