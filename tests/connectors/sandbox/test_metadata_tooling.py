"""The Tooling API: custom fields as records, and what can be asked about objects and fields."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.sandbox.background import Served

SHADES = {
    "label": "Shade",
    "type": "Picklist",
    "valueSet": {
        "restricted": True,
        "valueSetDefinition": {
            "sorted": False,
            "value": [
                {"valueName": "dark", "label": "Dark", "default": False},
                {"valueName": "light", "default": False},
            ],
        },
    },
}


def create(served: Served, name: str, metadata: dict[str, Any]) -> Any:
    body = {"FullName": f"Account.{name}", "Metadata": metadata}
    return served.request("POST", "tooling/sobjects/CustomField", json=body)


def ask(served: Served, soql: str) -> Any:
    return served.request("GET", "tooling/query/", params={"q": soql}).json()


def test_a_field_is_created_read_changed_and_deleted(served: Served) -> None:
    made = create(served, "Tool_Shade__c", SHADES)
    assert (made.status_code, made.json()["success"]) == (201, True)
    address = f"tooling/sobjects/CustomField/{made.json()['id']}"
    found = served.request("GET", address).json()
    assert (found["FullName"], found["DeveloperName"]) == ("Account.Tool_Shade__c", "Tool_Shade")
    values = found["Metadata"]["valueSet"]["valueSetDefinition"]["value"]
    assert [(value["valueName"], value["label"]) for value in values] == [("dark", "Dark"), ("light", "light")]
    found["Metadata"]["inlineHelpText"] = "how dark"
    assert served.request("PATCH", address, json={"Metadata": found["Metadata"]}).status_code == 204
    assert served.request("GET", address).json()["Metadata"]["inlineHelpText"] == "how dark"
    assert served.request("DELETE", address).status_code == 204
    assert served.request("GET", address).status_code == 404


def test_a_refusal_names_code_and_field(served: Served) -> None:
    answer = create(served, "Tool_Text__c", {"label": "Text", "type": "Text"})
    assert answer.status_code == 400
    assert answer.json()[0] == {
        "message": "Must specify 'length' for a CustomField of type Text",
        "errorCode": "FIELD_INTEGRITY_EXCEPTION",
        "fields": ["length"],
    }
    assert (
        served.request("POST", "tooling/sobjects/CustomField", data="{").json()[0]["errorCode"] == "JSON_PARSER_ERROR"
    )


def test_objects_and_fields_can_be_asked_about(served: Served) -> None:
    create(served, "Tool_Date__c", {"label": "Date", "type": "Date"})
    own = ask(
        served,
        "SELECT Id, DeveloperName FROM CustomField WHERE TableEnumOrId = 'Account' AND DeveloperName LIKE 'Tool_D%'",
    )
    assert [row["DeveloperName"] for row in own["records"]] == ["Tool_Date"]
    one = ask(served, f"SELECT FullName, Metadata FROM CustomField WHERE Id = '{own['records'][0]['Id']}'")
    assert one["records"][0]["Metadata"]["type"] == "Date"
    entity = ask(
        served, "SELECT QualifiedApiName, KeyPrefix FROM EntityDefinition WHERE QualifiedApiName IN ('Account')"
    )
    assert entity["records"][0]["KeyPrefix"] == "001"
    fields = ask(
        served,
        "SELECT QualifiedApiName, DataType FROM FieldDefinition WHERE EntityDefinition.QualifiedApiName = 'Account'"
        " AND QualifiedApiName = 'Name'",
    )
    assert fields["records"][0]["DataType"] == "Text(255)"


@pytest.mark.parametrize(
    ("soql", "code"),
    [
        ("SELECT Id FROM ApexClass", "INVALID_TYPE"),
        ("SELECT Nothing FROM CustomField", "INVALID_FIELD"),
        ("SELECT FROM", "MALFORMED_QUERY"),
        ("SELECT Id, Metadata FROM CustomField", "MALFORMED_QUERY"),
    ],
)
def test_a_wrong_question_is_refused(served: Served, soql: str, code: str) -> None:
    for name in ("One__c", "Two__c"):
        create(served, name, {"label": "Date", "type": "Date"})
    assert ask(served, soql)[0]["errorCode"] == code


def test_without_a_token_nothing_is_told(served: Served) -> None:
    answer = served.request("GET", "tooling/query", headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
