"""Retrieving: what was deployed comes back as files that can be deployed again. Replies fit the WSDL (see conftest)."""

from __future__ import annotations

import base64
import io
import zipfile

from connectors.sandbox.salesforce_api.xmltree import Node
from tests.connectors.sandbox.test_metadata_deploy import GOOD, Call, deploy

WANTED = {"CustomField": "Account.Shade__c", "GlobalValueSet": "*", "PermissionSet": "Viewers"}


def retrieve(metadata: Call, wanted: dict[str, str]) -> Node:
    types = "".join(f"<types><members>{name}</members><name>{kind}</name></types>" for kind, name in wanted.items())
    request = (
        f"<retrieveRequest><apiVersion>63.0</apiVersion><singlePackage>false</singlePackage><unpackaged>{types}"
        "<version>63.0</version></unpackaged></retrieveRequest>"
    )
    started = metadata("retrieve", request).child("result")
    assert started is not None
    assert not started.flag("done")
    asked = f"<asyncProcessId>{started.get('id')}</asyncProcessId><includeZip>true</includeZip>"
    result = metadata("checkRetrieveStatus", asked).child("result")
    assert result is not None
    return result


def test_what_was_deployed_comes_back_and_deploying_it_again_changes_nothing(metadata: Call) -> None:
    assert deploy(metadata, GOOD).get("status") == "Succeeded"
    result = retrieve(metadata, WANTED)
    assert (result.get("status"), result.all("messages")) == ("Succeeded", ())
    content = base64.b64decode(result.get("zipFile"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(files) == {
        "unpackaged/package.xml",
        "unpackaged/objects/Account.object",
        "unpackaged/globalValueSets/Shades.globalValueSet",
        "unpackaged/permissionsets/Viewers.permissionset",
    }
    assert {node.get("fileName") for node in result.all("fileProperties")} == set(files) - {"unpackaged/package.xml"}
    assert "<valueSetName>Shades</valueSetName>" in files["unpackaged/objects/Account.object"]
    again = deploy(metadata, content)
    assert again.get("status") == "Succeeded"
    details = again.child("details")
    assert details is not None
    changed = [each.get("fullName") for each in details.all("componentSuccesses") if each.flag("changed")]
    assert changed == ["package.xml"]


def test_what_is_not_there_is_said_and_the_rest_comes(metadata: Call) -> None:
    deploy(metadata, GOOD)
    result = retrieve(metadata, {"PermissionSet": "Nobody", "GlobalValueSet": "Shades", "Nothing": "*"})
    assert [message.get("problem") for message in result.all("messages")] == [
        "Unknown type name 'Nothing' specified in package.xml",
        "Entity of type 'PermissionSet' named 'Nobody' cannot be found",
    ]
    assert [node.get("fullName") for node in result.all("fileProperties")] == ["Shades"]


def test_a_retrieval_nobody_asked_for_is_refused(metadata: Call) -> None:
    asked = "<asyncProcessId>09S000000000001</asyncProcessId><includeZip>true</includeZip>"
    refusal = metadata("checkRetrieveStatus", asked)
    assert "INVALID_CROSS_REFERENCE_KEY" in refusal.get("faultcode")
