"""The Metadata API's synchronous calls: fields, value sets, objects, and the errors of each component."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]


def component(kind: str, full_name: str, **properties: Any) -> str:
    """The XML of one component; dictionaries nest, lists repeat."""
    return f'<metadata xsi:type="{kind}">{_xml({"fullName": full_name, **properties})}</metadata>'


def _xml(value: Any) -> str:
    if isinstance(value, dict):
        return "".join(
            f"<{key}>{_xml(item)}</{key}>"
            for key, items in value.items()
            for item in (items if isinstance(items, list) else [items])
        )
    return str(value).lower() if isinstance(value, bool) else escape(str(value))


def field(name: str, kind: str, **properties: Any) -> str:
    return component("CustomField", f"Account.{name}", label=name.removesuffix("__c"), type=kind, **properties)


def values(*names: str) -> list[dict[str, Any]]:
    return [{"fullName": name, "default": False, "label": name.replace("_", " ")} for name in names]


def inline(*names: str, **properties: Any) -> dict[str, Any]:
    definition = {"sorted": False, "value": values(*names)}
    return {**properties, "valueSetDefinition": definition}


def value_set(name: str, *names: str) -> str:
    return component("GlobalValueSet", name, customValue=values(*names), masterLabel=name, sorted=False)


def read(metadata: Call, kind: str, *names: str) -> tuple[Node, ...]:
    arguments = f"<type>{kind}</type>" + "".join(f"<fullNames>{name}</fullNames>" for name in names)
    result = metadata("readMetadata", arguments).child("result")
    assert result is not None
    return result.all("records")


def error(result: Node) -> tuple[str, str]:
    found = result.child("errors")
    assert found is not None, "the component was saved"
    assert result.get("success") == "false"
    return found.get("statusCode"), found.get("message")


def saved(reply: Node) -> None:
    for result in reply.all("result"):
        assert result.get("success") == "true", error(result)


PROPERTIES: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "Text": ("Text", {"length": 80, "externalId": True, "unique": True}, {"type": "string", "length": 80}),
    "Area": ("TextArea", {}, {"type": "textarea", "length": 255}),
    "Long": ("LongTextArea", {"length": 32768, "visibleLines": 5}, {"type": "textarea", "length": 32768}),
    "Date": ("Date", {"inlineHelpText": "when & why"}, {"type": "date", "inlineHelpText": "when & why"}),
    "Instant": ("DateTime", {}, {"type": "datetime"}),
    "Number": ("Number", {"precision": 18, "scale": 4}, {"type": "double", "precision": 18, "scale": 4}),
    "Money": ("Currency", {"precision": 16, "scale": 2}, {"type": "currency", "scale": 2}),
    "Share": ("Percent", {"precision": 5, "scale": 1}, {"type": "percent", "scale": 1}),
    "Flag": ("Checkbox", {"defaultValue": True}, {"type": "boolean"}),
    "Partner": ("Lookup", {"referenceTo": "Account", "relationshipName": "Partners"}, {"type": "reference"}),
    "Email": ("Email", {}, {"type": "email", "length": 80}),
    "Web": ("Url", {}, {"type": "url", "length": 255}),
    "Phone": ("Phone", {}, {"type": "phone", "length": 40}),
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_a_field_of_each_type_can_be_created_described_and_read(metadata: Call, served: Served, name: str) -> None:
    kind, given, described = PROPERTIES[name]
    api_name = f"Kind_{name}__c"
    saved(metadata("createMetadata", field(api_name, kind, **given)))
    grant(metadata, served, f"Account.{api_name}")
    fields = served.request("GET", "sobjects/Account/describe").json()["fields"]
    shown = next(item for item in fields if item["name"] == api_name)
    assert {key: shown[key] for key in described} == described
    assert shown["custom"] is True
    (back,) = read(metadata, "CustomField", f"Account.{api_name}")
    assert back.get("type") == kind
    expected = {key: str(value).lower() if isinstance(value, bool) else value for key, value in given.items()}
    assert {key: back.get(key) for key in given} == {key: str(value) for key, value in expected.items()}


def grant(metadata: Call, served: Served, *fields: str) -> None:
    """Give the administrator edit access, as a permission set with an assignment does."""
    permissions = [{"editable": True, "field": name, "readable": True} for name in fields]
    name = f"Set_{fields[0].partition('.')[2].removesuffix('__c')}"
    saved(metadata("upsertMetadata", component("PermissionSet", name, fieldPermissions=permissions, label=name)))
    query = f"SELECT Id FROM PermissionSet WHERE Name = '{name}'"
    found = served.request("GET", "query/", params={"q": query}).json()["records"][0]["Id"]
    row = {"AssigneeId": served.org.admin_user_id, "PermissionSetId": found}
    assert served.request("POST", "sobjects/PermissionSetAssignment/", json=row).status_code == 201


def test_what_was_sent_comes_back_when_it_is_read_and_saved_again(metadata: Call) -> None:
    given = {"description": "why & how", "trackHistory": True, "required": False}
    saved(metadata("createMetadata", field("Again__c", "Text", length=20, **given)))
    (first,) = read(metadata, "CustomField", "Account.Again__c")
    assert (first.get("description"), first.get("trackHistory")) == ("why & how", "true")
    content = "".join(f"<{c.name}>{escape(c.text)}</{c.name}>" for c in first.children)
    saved(metadata("updateMetadata", f'<metadata xsi:type="CustomField">{content}</metadata>'))
    assert read(metadata, "CustomField", "Account.Again__c") == (first,)


def test_a_missing_component_is_read_as_nil(metadata: Call) -> None:
    found, missing = read(metadata, "CustomField", "Account.Industry", "Account.Nothing__c")
    assert found.get("type") == "Picklist"
    assert missing.nil


@pytest.mark.parametrize(
    ("xml", "code", "words"),
    [
        (field("Industry__c", "Text"), "FIELD_INTEGRITY_EXCEPTION", "Must specify 'length'"),
        (field("X__c", "TextArea", length=5), "FIELD_INTEGRITY_EXCEPTION", "Can not specify 'length'"),
        (field("X__c", "Checkbox"), "FIELD_INTEGRITY_EXCEPTION", "Must specify 'defaultValue'"),
        (field("X__c", "Number", precision=19, scale=0), "FIELD_INTEGRITY_EXCEPTION", "Precision"),
        (field("X__c", "Text", length=256), "FIELD_INTEGRITY_EXCEPTION", "1 to 255"),
        (field("X__c", "Text", length="ten"), "INVALID_TYPE_ON_FIELD_IN_RECORD", "xsd:int"),
        (field("X__c", "Picklist"), "FIELD_INTEGRITY_EXCEPTION", "picklist, globalPicklist, or valueSet"),
        (
            field("X__c", "Picklist", valueSet={"valueSetName": "Nowhere"}),
            "INVALID_CROSS_REFERENCE_KEY", "no GlobalValueSet named Nowhere",
        ),
        (
            field("X__c", "Picklist", valueSet=inline("a", controllingField="Nothing__c")),
            "INVALID_CROSS_REFERENCE_KEY", "no CustomField named Account.Nothing__c found",
        ),
        (field("X__c", "Lookup", referenceTo="Nothing__c"), "INVALID_CROSS_REFERENCE_KEY", "referenceTo"),
        (field("Two__Parts__c", "Date"), "FIELD_INTEGRITY_EXCEPTION", "single underscores"),
        (field("NoSuffix", "Date"), "FIELD_INTEGRITY_EXCEPTION", "__c"),
        (component("CustomField", "Nothing.X__c", label="X", type="Date"), "INVALID_CROSS_REFERENCE_KEY", "Nothing"),
        (component("CustomField", "Account.X__c", type="Date"), "FIELD_INTEGRITY_EXCEPTION", "label"),
        (component("CustomField", "", label="X", type="Date"), "REQUIRED_FIELD_MISSING", "fullName"),
        (field("X__c", "Hologram"), "FUNCTIONALITY_NOT_ENABLED", "Hologram"),
    ],
)  # fmt: skip
def test_a_component_that_cannot_be_saved_says_why(metadata: Call, xml: str, code: str, words: str) -> None:
    (result,) = metadata("createMetadata", xml).all("result")
    found, message = error(result)
    assert (found, words in message) == (code, True), message


def test_a_bad_component_does_not_stop_the_good_ones(metadata: Call) -> None:
    reply = metadata("createMetadata", field("Good__c", "Date") + field("Bad__c", "Text") + field("Fine__c", "Date"))
    assert [result.get("success") for result in reply.all("result")] == ["true", "false", "true"]
    (duplicate,) = metadata("createMetadata", field("Good__c", "Date")).all("result")
    assert error(duplicate) == ("DUPLICATE_DEVELOPER_NAME", "There is already a field named Good on Account.")


def test_more_than_ten_components_are_refused_as_a_whole(metadata: Call) -> None:
    reply = metadata("createMetadata", "".join(field(f"Many_{n}__c", "Date") for n in range(11)))
    assert reply.get("faultcode") == "sf:EXCEEDED_ID_LIMIT"
    assert "cannot submit more than 10 records" in reply.get("faultstring")
    assert read(metadata, "CustomField", "Account.Many_0__c")[0].nil


def test_upsert_tells_created_from_changed(metadata: Call) -> None:
    for created in ("true", "false"):
        (result,) = metadata("upsertMetadata", field("Ups__c", "Text", length=10)).all("result")
        assert (result.get("created"), result.get("success")) == (created, "true")


def test_a_global_value_set_deactivates_what_an_update_leaves_out(metadata: Call, served: Served) -> None:
    saved(metadata("createMetadata", value_set("Colours", "red", "green", "blue")))
    by_name = {"valueSet": {"restricted": True, "valueSetName": "Colours"}}
    saved(metadata("createMetadata", field("Colour__c", "Picklist", **by_name)))
    grant(metadata, served, "Account.Colour__c")
    saved(metadata("updateMetadata", value_set("Colours", "green", "violet")))
    (back,) = read(metadata, "GlobalValueSet", "Colours")
    active = {node.get("fullName"): node.flag("isActive", True) for node in back.all("customValue")}
    assert active == {"green": True, "violet": True, "red": False, "blue": False}
    refused = served.request("POST", "sobjects/Account/", json={"Name": "x", "Colour__c": "red"})
    assert refused.json()[0]["errorCode"] == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    assert served.request("POST", "sobjects/Account/", json={"Name": "x", "Colour__c": "violet"}).ok


def test_a_value_set_holds_a_thousand_values_inactive_ones_included(metadata: Call) -> None:
    saved(metadata("createMetadata", value_set("Many", *(f"v{n}" for n in range(1000)))))
    (result,) = metadata("updateMetadata", value_set("Many", "one_more")).all("result")
    assert error(result)[0] == "TOO_MANY_ENUM_VALUE"


def test_a_dependent_picklist_is_described_by_bitmaps(metadata: Call, served: Served) -> None:
    saved(metadata("createMetadata", field("Seg__c", "Picklist", valueSet=inline("Energy", "Marine", "Process"))))
    settings = [
        {"controllingFieldValue": ["Energy", "Process"], "valueName": "Service"},
        {"controllingFieldValue": "Marine", "valueName": "Yards"},
    ]
    dependent = inline("Service", "Yards", controllingField="Seg__c") | {"valueSettings": settings}
    saved(metadata("createMetadata", field("Sub__c", "Picklist", valueSet=dependent)))
    grant(metadata, served, "Account.Seg__c", "Account.Sub__c")
    fields = served.request("GET", "sobjects/Account/describe").json()["fields"]
    sub = next(item for item in fields if item["name"] == "Sub__c")
    assert (sub["controllerName"], sub["dependentPicklist"]) == ("Seg__c", True)
    assert {v["value"]: v["validFor"] for v in sub["picklistValues"]} == {"Service": "oAAA", "Yards": "QAAA"}
    (back,) = read(metadata, "CustomField", "Account.Sub__c")
    kept = back.child("valueSet")
    assert kept is not None
    assert len(kept.all("valueSettings")) == 2
    wrong = dependent | {"valueSettings": [{"controllingFieldValue": "Nowhere", "valueName": "Yards"}]}
    (unknown,) = metadata("updateMetadata", field("Sub__c", "Picklist", valueSet=wrong)).all("result")
    assert error(unknown)[0] == "INVALID_CROSS_REFERENCE_KEY"


def test_a_controlling_field_cannot_be_deleted(metadata: Call) -> None:
    saved(metadata("createMetadata", field("Ctl__c", "Picklist", valueSet=inline("a"))))
    saved(metadata("createMetadata", field("Dep__c", "Picklist", valueSet=inline("b", controllingField="Ctl__c"))))
    both = "<type>CustomField</type><fullNames>Account.Ctl__c</fullNames><fullNames>Account.Dep__c</fullNames>"
    refused, deleted = metadata("deleteMetadata", both).all("result")
    assert error(refused)[0] == "DEPENDENCY_EXISTS"
    assert deleted.get("success") == "true"
    again = metadata("deleteMetadata", "<type>CustomField</type><fullNames>Account.Dep__c</fullNames>")
    assert error(again.all("result")[0]) == (
        "INVALID_CROSS_REFERENCE_KEY",
        "no CustomField named Account.Dep__c found",
    )


def test_a_custom_object_with_fields_takes_records(metadata: Call, served: Served) -> None:
    xml = component(
        "CustomObject", "Detail__c", label="Detail", pluralLabel="Details", deploymentStatus="Deployed",
        sharingModel="ReadWrite", nameField={"label": "Number", "type": "AutoNumber", "displayFormat": "D-{0000}"},
        fields={"fullName": "Note__c", "label": "Note", "length": 50, "required": True, "type": "Text"},
    )  # fmt: skip
    saved(metadata("createMetadata", xml))
    made = served.request("POST", "sobjects/Detail__c/", json={"Note__c": "hello"})
    assert made.status_code == 201, made.text
    back = served.request("GET", f"sobjects/Detail__c/{made.json()['id']}").json()
    assert (back["Name"], back["Note__c"]) == ("D-0001", "hello")
    (component_back,) = read(metadata, "CustomObject", "Detail__c")
    assert component_back.get("sharingModel") == "ReadWrite"


def test_list_and_describe_name_what_is_there(metadata: Call) -> None:
    saved(metadata("createMetadata", field("Listed__c", "Date")))
    listed = metadata("listMetadata", "<queries><type>CustomField</type></queries><asOfVersion>63.0</asOfVersion>")
    assert "Account.Listed__c" in [result.get("fullName") for result in listed.all("result")]
    described = metadata("describeMetadata", "<asOfVersion>63.0</asOfVersion>").child("result")
    assert described is not None
    assert "GlobalValueSet" in [kind.get("xmlName") for kind in described.all("metadataObjects")]


def test_standard_value_sets_can_be_read(metadata: Call) -> None:
    (found,) = read(metadata, "StandardValueSet", "Industry")
    assert len(found.all("standardValue")) > 5


def test_all_or_none_saves_nothing_if_one_component_fails(metadata: Call, served: Served) -> None:
    envelope = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Header>'
        f"<SessionHeader><sessionId>{served.facts['access_token']}</sessionId></SessionHeader>"
        "<AllOrNoneHeader><allOrNone>true</allOrNone></AllOrNoneHeader></e:Header>"
        f"<e:Body><createMetadata>{field('Whole__c', 'Date')}{field('Part__c', 'Text')}</createMetadata></e:Body>"
        "</e:Envelope>"
    )
    answer = served.session.post(f"{served.facts['metadata_url']}/63.0", data=envelope.encode(), timeout=30)
    assert "ALL_OR_NONE_OPERATION_ROLLED_BACK" in answer.text
    assert read(metadata, "CustomField", "Account.Whole__c")[0].nil


def test_without_a_session_every_call_is_a_fault(served: Served) -> None:
    body = '<e:Envelope xmlns:e="x"><e:Body><describeMetadata/></e:Body></e:Envelope>'
    answer = served.session.post(f"{served.facts['metadata_url']}/63.0", data=body, timeout=30)
    assert answer.status_code == 500
    assert "<faultcode>sf:INVALID_SESSION_ID</faultcode>" in answer.text
