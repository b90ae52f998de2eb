"""Validation rules: saved through the Metadata API, listed by the Tooling API, enforced on every write."""

from __future__ import annotations

import base64
import io
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org, OrgError
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]
FORMULA = "AND(ISBLANK(TEXT(Rating)), ISPICKVAL(Industry, 'Energy'), NOT($Permission.Skip))"
SKIP = '<metadata xsi:type="CustomPermission"><fullName>Skip</fullName><label>Skip</label></metadata>'
HOLDERS = (
    '<metadata xsi:type="PermissionSet"><fullName>Skippers</fullName><customPermissions><enabled>true</enabled>'
    "<name>Skip</name></customPermissions><label>Skippers</label></metadata>"
)
BARE = {"Name": "x", "Industry": "Energy"}


def rule(name: str = "Rated", formula: str = FORMULA, active: str = "true", field: str = "Rating") -> str:
    shown = f"<errorDisplayField>{field}</errorDisplayField>" if field else ""
    return (
        f"<fullName>{name}</fullName><active>{active}</active><description>Why</description>"
        f"<errorConditionFormula>{formula}</errorConditionFormula>{shown}<errorMessage>Rate it.</errorMessage>"
    )


def save(metadata: Call, *arguments: str, operation: str = "upsertMetadata") -> Node:
    body = rule(*arguments).replace("<fullName>", "<fullName>Account.")
    (result,) = metadata(operation, f'<metadata xsi:type="ValidationRule">{body}</metadata>').all("result")
    return result


@pytest.fixture(autouse=True)
def fresh(metadata: Call, org: Org) -> Iterator[None]:
    metadata("upsertMetadata", SKIP)
    yield
    for name in list(org.rules.all()):
        org.delete_component("ValidationRule", name)


def errors(org: Org, row: dict[str, Any], **options: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    (outcome,) = org.insert("Account", [row], **options)
    return [(error.status_code, error.message, error.fields) for error in outcome.errors]


BROKEN = ("FIELD_CUSTOM_VALIDATION_EXCEPTION", "Rate it.", ("Rating",))


def test_a_record_that_breaks_it_is_refused_with_message_and_field(metadata: Call, org: Org, served: Served) -> None:
    assert save(metadata).get("success") == "true"
    answer = served.request("POST", "sobjects/Account/", json=BARE)
    assert answer.status_code == 400
    assert answer.json() == [{"message": BROKEN[1], "errorCode": BROKEN[0], "fields": ["Rating"]}]
    assert errors(org, {**BARE, "Rating": "Hot"}) == []


def test_others_of_the_same_call_are_saved(metadata: Call, served: Served) -> None:
    save(metadata)
    rows = [{"attributes": {"type": "Account"}, **row} for row in (BARE, {"Name": "y"})]
    first, second = served.request("POST", "composite/sobjects", json={"records": rows}).json()
    assert (first["success"], second["success"]) == (False, True)
    assert first["errors"] == [{"statusCode": BROKEN[0], "message": BROKEN[1], "fields": ["Rating"]}]


def test_it_fires_on_an_update_of_another_field(metadata: Call, org: Org) -> None:
    (old,) = org.insert("Account", [BARE])
    save(metadata)
    (outcome,) = org.update("Account", [{"Id": old.id, "Site": "north"}])
    assert outcome.errors[0].message == "Rate it."


def test_all_broken_rules_are_told(metadata: Call, org: Org) -> None:
    save(metadata)
    save(metadata, "Sited", "ISBLANK(Site)", "true", "")
    assert errors(org, BARE) == [BROKEN, (BROKEN[0], "Rate it.", ())]


def test_an_inactive_rule_is_not_enforced(metadata: Call, org: Org) -> None:
    save(metadata, "Rated", FORMULA, "false")
    assert errors(org, BARE) == []


def test_whoever_holds_the_custom_permission_is_let_through(metadata: Call, org: Org, served: Served) -> None:
    save(metadata)
    metadata("upsertMetadata", HOLDERS)
    asked = "SELECT SetupEntityType, Parent.Name FROM SetupEntityAccess WHERE SetupEntity.DeveloperName = 'Skip'"
    (row,) = served.request("GET", "query", params={"q": asked}).json()["records"]
    assert (row["SetupEntityType"], row["Parent"]["Name"]) == ("CustomPermission", "Skippers")
    assert errors(org, BARE) == [BROKEN], "nobody holds the set"
    (held,) = org.query("SELECT Id FROM PermissionSet WHERE Name = 'Skippers'").records
    grant = {"PermissionSetId": held["Id"], "AssigneeId": org.admin_user_id}
    (assigned,) = org.insert("PermissionSetAssignment", [grant])
    assert errors(org, BARE) == []
    org.delete("PermissionSetAssignment", [str(assigned.id)])
    assert errors(org, BARE) == [BROKEN]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("R", "Nope__c = 1"), "FIELD_INTEGRITY_EXCEPTION", "Field Nope__c does not exist"),
        (("R", "AND(ISNEW(),"), "FIELD_INTEGRITY_EXCEPTION", "Syntax error"),
        (("R", "LEN(Name)"), "FIELD_INTEGRITY_EXCEPTION", "incompatible with expected data type (true or false)"),
        (("R", "$Permission.Nope"), "FIELD_INTEGRITY_EXCEPTION", "$Permission.Nope does not exist"),
        (("R", ""), "REQUIRED_FIELD_MISSING", "errorConditionFormula"),
        (("R", "ISNEW()", "true", "Nope"), "FIELD_INTEGRITY_EXCEPTION", "Nope"),
        (("bad__name",), "FIELD_INTEGRITY_EXCEPTION", "bad__name"),
    ],
)
def test_what_cannot_be_saved(metadata: Call, org: Org, arguments: tuple[str, ...], code: str, words: str) -> None:
    error = save(metadata, *arguments).child("errors")
    assert error is not None
    assert error.get("statusCode") == code
    assert words in error.get("message")
    assert org.rules.all() == {}


def test_it_is_read_changed_listed_and_deleted(metadata: Call, org: Org) -> None:
    assert save(metadata).get("created") == "true"
    assert save(metadata, operation="createMetadata").child("errors") is not None
    assert save(metadata, "Rated", "ISNEW()", "false", operation="updateMetadata").get("success") == "true"
    asked = "<type>ValidationRule</type><fullNames>Account.Rated</fullNames>"
    (record,) = metadata("readMetadata", asked).children[0].children
    shown = [record.get(name) for name in ("active", "errorConditionFormula", "errorDisplayField", "errorMessage")]
    assert shown == ["false", "ISNEW()", "Rating", "Rate it."]
    listed = metadata("listMetadata", "<queries><type>ValidationRule</type></queries>").all("result")
    assert [node.get("fullName") for node in listed] == ["Account.Rated"]
    metadata("deleteMetadata", asked)
    assert org.rules.all() == {}


def test_a_field_and_a_permission_that_it_uses_cannot_be_deleted(metadata: Call, org: Org) -> None:
    made = '<metadata xsi:type="CustomField"><fullName>Account.Used__c</fullName><label>Used</label><type>Date</type>'
    metadata("createMetadata", f"{made}</metadata>")
    save(metadata, "Uses", "ISBLANK(Used__c) || $Permission.Skip", "false", "")
    for kind, name in (("CustomField", "Account.Used__c"), ("CustomPermission", "Skip")):
        (result,) = metadata("deleteMetadata", f"<type>{kind}</type><fullNames>{name}</fullNames>").all("result")
        error = result.child("errors")
        assert error is not None
        assert error.get("statusCode") == "DEPENDENCY_EXISTS"
    with pytest.raises(OrgError, match="DEPENDENCY_EXISTS"):
        org.delete_field("Account", "Used__c")


NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'
CODE_FIELD = "<fields><fullName>Code__c</fullName><label>Code</label><length>9</length><type>Text</type></fields>"


def package(files: Mapping[str, str], **members: str) -> str:
    types = "".join(f"<types><members>{name}</members><name>{kind}</name></types>" for kind, name in members.items())
    whole = {**files, "package.xml": f"<Package {NS}>{types}<version>63.0</version></Package>"}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in whole.items():
            archive.writestr(name, content)
    return base64.b64encode(buffer.getvalue()).decode()


def deploy(metadata: Call, content: str, check_only: str = "false") -> str:
    """Deploys and returns the status at the end."""
    options = f"<checkOnly>{check_only}</checkOnly><rollbackOnError>true</rollbackOnError>"
    (started,) = metadata("deploy", f"<ZipFile>{content}</ZipFile><DeployOptions>{options}</DeployOptions>").children
    asked = f"<asyncProcessId>{started.get('id')}</asyncProcessId><includeDetails>true</includeDetails>"
    for _ in range(100):
        (status,) = metadata("checkDeployStatus", asked).children
        if status.get("done") == "true":
            return status.get("status")
        time.sleep(0.05)
    raise AssertionError("the deployment does not end")


def account(*parts: str) -> dict[str, str]:
    return {"objects/Account.object": f"<CustomObject {NS}>{''.join(parts)}</CustomObject>"}


def test_it_is_deployed_with_the_field_and_permission_it_names(metadata: Call, org: Org) -> None:
    coded = rule("Coded", "LEN(Code__c) > 3 || $Permission.Dare", "true", "Code__c")
    files = {
        **account(CODE_FIELD, f"<validationRules>{coded}</validationRules>"),
        "customPermissions/Dare.customPermission": f"<CustomPermission {NS}><label>Dare</label></CustomPermission>",
    }
    members = {"CustomField": "Account.Code__c", "ValidationRule": "Account.Coded", "CustomPermission": "Dare"}
    content = package(files, **members)
    assert deploy(metadata, content, check_only="true") == "Succeeded"
    assert org.rules.all() == {}, "a check-only deployment leaves nothing behind"
    assert deploy(metadata, content) == "Succeeded"
    assert errors(org, {"Name": "x", "Code__c": "four"}) == [(BROKEN[0], "Rate it.", ("Code__c",))]
    listed = "<types><members>Account.Coded</members><name>ValidationRule</name></types>"
    destroyed = package({"destructiveChanges.xml": f"<Package {NS}>{listed}</Package>"})
    assert deploy(metadata, destroyed) == "Succeeded"
    assert errors(org, {"Name": "x", "Code__c": "four"}) == []


def test_a_deployment_with_a_wrong_formula_leaves_nothing(metadata: Call, org: Org) -> None:
    broken = account(f"<validationRules>{rule('Bad', 'Nope__c', 'true', '')}</validationRules>")
    assert deploy(metadata, package(broken, ValidationRule="Account.Bad")) == "Failed"
    assert org.rules.all() == {}


def test_the_tooling_api_lists_it(metadata: Call, served: Served) -> None:
    save(metadata)
    soql = (
        "SELECT Id, ValidationName, Active, ErrorMessage, ErrorDisplayField, EntityDefinition.QualifiedApiName "
        "FROM ValidationRule WHERE EntityDefinition.QualifiedApiName = 'Account' AND Active = true"
    )
    (row,) = served.request("GET", "tooling/query", params={"q": soql}).json()["records"]
    assert row["Id"].startswith("03d")
    assert (row["ValidationName"], row["Active"], row["ErrorMessage"]) == ("Rated", True, "Rate it.")
    assert row["EntityDefinition"]["QualifiedApiName"] == "Account"
    one = f"SELECT Metadata, FullName FROM ValidationRule WHERE Id = '{row['Id']}'"
    (whole,) = served.request("GET", "tooling/query", params={"q": one}).json()["records"]
    assert whole["FullName"] == "Account.Rated"
    assert whole["Metadata"]["errorConditionFormula"] == FORMULA
