"""Fields are planned and installed without dropping or renaming what is not ours; requests keep to the WSDL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import simple_salesforce
from lxml import etree

from connectors.base import FieldSpec, PicklistValue, SchemaPlan
from connectors.errors import Fatal, MissingScope, SchemaMismatch
from connectors.picklists import merge
from connectors.salesforce.permissions import ROLES
from connectors.salesforce.picklists import merge_settings

if TYPE_CHECKING:
    from tests.connectors.salesforce.conftest import CannedOrg

METADATA = "http://soap.sforce.com/2006/04/metadata"
XSD = "{http://www.w3.org/2001/XMLSchema}"
SEGMENT = FieldSpec(
    "account", "Segment__c", "Segment", "picklist", help="Who they are",
    values=(PicklistValue("energy", "Energy"), PicklistValue("water", "Water")), value_set="Our_Segment",
    people_edit=True,
)  # fmt: skip
SUB = FieldSpec(
    "account", "Sub__c", "Sub-segment", "picklist", value_set="Our_Sub", controller="Segment__c",
    values=(PicklistValue("grid", "Grid", ("energy",)), PicklistValue("pump", "Pumps", ("water", "energy"))),
    people_edit=True,
)  # fmt: skip
REASON = FieldSpec("account", "Reason__c", "Why", "text", length=255)
SPECS = (SEGMENT, SUB, REASON)


@pytest.fixture(scope="session")
def wsdl() -> Any:
    """The schema inside the WSDL that simple-salesforce brings."""
    tree = etree.parse(str(Path(simple_salesforce.__file__).with_name("metadata.wsdl")))
    schema = tree.find(f".//{XSD}schema")
    for bundle in schema.iterfind(f"{XSD}complexType[@name='LightningComponentBundle']"):
        for element in bundle.iterfind(f".//{XSD}element[@name='targetConfigs']"):
            element.getparent().remove(element)
    alone = etree.Element(schema.tag, schema.attrib, nsmap=tree.getroot().nsmap)
    alone.extend(schema)
    return etree.XMLSchema(alone)


def soap(call: str, content: str) -> str:
    return (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns="{METADATA}"><soapenv:Body>'
        f"<{call}Response>{content}</{call}Response></soapenv:Body></soapenv:Envelope>"
    )


def reads(canned: CannedOrg, component_type: str, *records: str) -> None:
    content = "".join(records) or '<records xsi:nil="true"/>'
    pattern = rf"(?s)/services/Soap/m/.*readMetadata.*<type>{component_type}<"
    canned.on(
        "POST", pattern, soap("readMetadata", f"<result>{content}</result>"), headers={"Content-Type": "text/xml"}
    )


def upserts(canned: CannedOrg, component_type: str, *names: str) -> None:
    results = "".join(
        f"<result><created>true</created><fullName>{name}</fullName><success>true</success></result>" for name in names
    )
    pattern = rf'(?s)/services/Soap/m/.*upsertMetadata.*xsi:type="{component_type}"'
    canned.on("POST", pattern, soap("upsertMetadata", results), headers={"Content-Type": "text/xml"})


def described(name: str, type_: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "label": name, "type": type_, "updateable": True, "custom": True, **more}


def picks(spec: FieldSpec, valid_for: Sequence[str] = ("", "")) -> list[dict[str, Any]]:
    return [
        {"value": value.key, "label": value.label, "active": True, "validFor": bits or None}
        for value, bits in zip(spec.values, valid_for, strict=True)
    ]


INSTALLED = [
    described("Segment__c", "picklist", picklistValues=picks(SEGMENT), restrictedPicklist=True),
    described("Sub__c", "picklist", controllerName="Segment__c", picklistValues=picks(SUB, ("gAAA", "wAAA"))),
    described("Reason__c", "string", length=255),
    described("Name", "string", custom=False),
]


def empty_org(canned: CannedOrg) -> None:
    canned.on("GET", r"/v63\.0/$", {"identity": f"{canned.url}/id/00D000000000001EAA/005000000000009AAA"})
    canned.on("GET", "/sobjects/Account/describe/$", {"name": "Account", "fields": INSTALLED[3:]})
    canned.on("GET", "/sobjects/Account/describe/$", {"name": "Account", "fields": INSTALLED})
    for component_type in ("CustomField", "GlobalValueSet", "PermissionSet"):
        reads(canned, component_type)
    canned.on("GET", "FROM\\+RecordType\\+", {"done": True, "records": []})
    canned.on("GET", "FROM\\+PermissionSetAssignment", {"done": True, "records": []})
    canned.on("GET", "FROM\\+PermissionSet\\+", {"done": True, "records": [{"Id": "0PS000000000001AAA"}]})
    canned.on("POST", "/sobjects/PermissionSetAssignment/$", {"id": "0Pa", "success": True}, status=201)
    upserts(canned, "GlobalValueSet", "Our_Segment", "Our_Sub")
    upserts(canned, "CustomField", "Account.Segment__c", "Account.Reason__c")
    upserts(canned, "CustomField", "Account.Sub__c")
    upserts(canned, "PermissionSet", "Tierline_Integration")
    tries(canned)


def tries(canned: CannedOrg, *problems: tuple[str, str]) -> None:
    """The org's verdict on a check-only deployment."""
    failures = [{"fullName": name, "problem": problem} for name, problem in problems]
    result = {"done": True, "success": not problems, "details": {"componentFailures": failures}}
    canned.on("POST", "/metadata/deployRequest", {"id": "0Af000000000001AAA"}, status=201)
    canned.on("GET", "/metadata/deployRequest/0Af", {"id": "0Af000000000001AAA", "deployResult": result})


def lines(plan: SchemaPlan) -> list[str]:
    return [f"{step.sign} {step.target}  {step.detail}" for step in plan.steps]


def test_a_plan_for_an_empty_org_says_what_will_be_created(canned: CannedOrg) -> None:
    empty_org(canned)
    plan = canned.open().plan_schema(SPECS)
    assert lines(plan) == [
        "+ Account.Segment__c  restricted picklist, 2 values (global value set Our_Segment)",
        "+ Account.Sub__c  restricted picklist, 2 values (global value set Our_Sub), depends on Segment__c",
        "+ Account.Reason__c  text, 255 characters",
        '+ Permission set "Tierline Integration"  edit access to 3 fields, assigned to the integration user',
        '+ Permission set "Tierline Seller"  edit access to 2 fields, read access to 1; assigned to nobody',
        '+ Permission set "Tierline Data Owner"  edit access to 2 fields, read access to 1; assigned to nobody',
    ]
    assert plan.other_fields == 1


def test_fields_are_installed_in_an_order_that_works(canned: CannedOrg, wsdl: Any) -> None:
    empty_org(canned)
    crm = canned.open()
    crm.apply_schema(crm.plan_schema(SPECS))
    sent = [etree.fromstring(request.body) for request in canned.seen("POST", "(?s)upsertMetadata")]
    for envelope in sent:
        body = envelope.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")
        wsdl.assertValid(etree.ElementTree(body[0]))
    names = [
        [name.text for name in each.iterfind(f".//{{{METADATA}}}metadata/{{{METADATA}}}fullName")] for each in sent
    ]
    assert names == [
        ["Our_Segment", "Our_Sub"],
        ["Account.Segment__c", "Account.Reason__c"],
        ["Account.Sub__c"],
        ["Tierline_Integration"],
        ["Tierline_Seller"],
        ["Tierline_Data_Owner"],
    ]
    (assignment,) = canned.seen("POST", "/sobjects/PermissionSetAssignment/$")
    assert assignment.json == {"AssigneeId": "005000000000009AAA", "PermissionSetId": "0PS000000000001AAA"}


def test_an_org_that_does_not_show_what_was_installed_stops_the_run(canned: CannedOrg) -> None:
    for fields in (INSTALLED[3:], INSTALLED[:2]):
        canned.on("GET", "/sobjects/Account/describe/$", {"name": "Account", "fields": fields})
    empty_org(canned)
    crm = canned.open()
    with pytest.raises(SchemaMismatch, match=r"Account\.Reason__c .*cannot see it"):
        crm.apply_schema(crm.plan_schema(SPECS))


FIELD = (
    "<records><fullName>Account.Segment__c</fullName><label>Segment</label><required>false</required>"
    "<inlineHelpText>Who they are</inlineHelpText><trackHistory>true</trackHistory><type>Picklist</type>"
    "<valueSet><restricted>true</restricted><valueSetName>Our_Segment</valueSetName></valueSet></records>"
)
VALUE_SET = (
    "<records><fullName>Our_Segment</fullName><customValue><fullName>water</fullName><color>#0000FF</color>"
    "<default>false</default><label>Wet</label></customValue><customValue><fullName>misc</fullName>"
    "<default>true</default><label>Misc</label></customValue><customValue><fullName>old</fullName>"
    "<default>false</default><isActive>false</isActive><label>Old</label></customValue>"
    "<description>Ask Ann</description><masterLabel>Segments</masterLabel><sorted>true</sorted></records>"
)
GRANTED = (
    "<records><fullName>Tierline_Integration</fullName><fieldPermissions><editable>true</editable>"
    "<field>Account.Segment__c</field><readable>true</readable></fieldPermissions><label>Tierline</label></records>"
)


def org_with(canned: CannedOrg, field: str, value_set: str = VALUE_SET) -> None:
    canned.on("GET", r"/v63\.0/$", {"identity": f"{canned.url}/id/00D000000000001EAA/005000000000009AAA"})
    canned.on("GET", "/sobjects/Account/describe/$", {"name": "Account", "fields": INSTALLED})
    reads(canned, "CustomField", field)
    reads(canned, "GlobalValueSet", value_set)
    reads(canned, "PermissionSet", *(GRANTED.replace("Tierline_Integration", role.name) for role in ROLES))
    canned.on("GET", "FROM\\+RecordType\\+", {"done": True, "records": []})
    canned.on("GET", "FROM\\+PermissionSetAssignment", {"done": True, "records": [{"Id": "0Pa000000000001AAA"}]})
    upserts(canned, "GlobalValueSet", "Our_Segment")
    tries(canned)


def test_what_the_org_would_refuse_changes_nothing(canned: CannedOrg) -> None:
    empty_org(canned)
    canned.forget("/metadata/deployRequest")
    tries(canned, ("Account.Sub__c", "Picklist value not found"))
    crm = canned.open()
    plan = crm.plan_schema(SPECS)
    with pytest.raises(SchemaMismatch, match=r"Account\.Sub__c: Picklist value not found"):
        crm.apply_schema(plan)
    assert canned.seen("POST", "(?s)upsertMetadata") == []


def test_foreign_values_of_a_shared_list_are_kept_as_they_are(canned: CannedOrg, wsdl: Any) -> None:
    org_with(canned, FIELD)
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT])
    assert lines(plan) == [
        '~ Account.Segment__c  + "Energy"; label "Wet" becomes "Water"; keeps 1 value not ours: "Misc"',
        '= Permission set "Tierline Integration"  unchanged',
        '= Permission set "Tierline Seller"  unchanged',
        '= Permission set "Tierline Data Owner"  unchanged',
    ]
    assert plan.foreign == {"Account.Segment__c": ("Misc",)}
    crm.apply_schema(plan)
    (request,) = canned.seen("POST", "(?s)upsertMetadata")
    sent = etree.fromstring(request.body).find(f".//{{{METADATA}}}upsertMetadata")
    wsdl.assertValid(etree.ElementTree(sent))
    values = [
        {etree.QName(child).localname: child.text for child in entry}
        for entry in sent.iterfind(f".//{{{METADATA}}}customValue")
    ]
    assert values == [
        {"fullName": "water", "color": "#0000FF", "default": "false", "label": "Water"},
        {"fullName": "misc", "default": "true", "label": "Misc"},
        {"fullName": "old", "default": "false", "isActive": "false", "label": "Old"},
        {"fullName": "energy", "default": "false", "label": "Energy"},
    ]
    assert sent.findtext(f".//{{{METADATA}}}description") == "Ask Ann"
    assert sent.findtext(f".//{{{METADATA}}}masterLabel") == "Segments"


OURS = (
    "<records><fullName>Our_Segment</fullName>"
    + "".join(
        f"<customValue><fullName>{value.key}</fullName><default>false</default><label>{value.label}</label></customValue>"
        for value in SEGMENT.values
    )
    + "<masterLabel>Our Segment</masterLabel><sorted>false</sorted></records>"
)


def test_nothing_to_do_changes_nothing(canned: CannedOrg) -> None:
    org_with(canned, FIELD, OURS)
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT])
    assert plan.changes == ()
    crm.apply_schema(plan)
    assert canned.seen("POST", "(?s)upsertMetadata") == []


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (FIELD.replace("Picklist", "Text"), "is of type Text in the org, the model needs restricted picklist"),
        (FIELD.replace(">Our_Segment<", ">Theirs<"), 'the global value set "Theirs", the model from "Our_Segment"'),
    ],
)
def test_a_field_that_cannot_become_ours_is_refused_before_anything_changes(
    canned: CannedOrg, field: str, words: str
) -> None:
    org_with(canned, field, OURS)
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT, REASON])
    assert plan.steps[0].sign == "!"
    with pytest.raises(SchemaMismatch, match=words):
        crm.apply_schema(plan)
    assert canned.seen("POST", "(?s)upsertMetadata") == []


def test_a_field_with_a_list_of_its_own_keeps_it(canned: CannedOrg) -> None:
    own = (
        "<valueSetDefinition><sorted>false</sorted><value><fullName>misc</fullName><default>false</default>"
        "<label>Misc</label></value></valueSetDefinition>"
    )
    org_with(
        canned, FIELD.replace("<valueSetName>Our_Segment</valueSetName>", own).replace("true</restr", "false</restr")
    )
    plan = canned.open().plan_schema([SEGMENT])
    assert lines(plan)[0] == (
        "~ Account.Segment__c  becomes restricted: only listed values are accepted; "
        '+ "Energy"; + "Water"; keeps 1 value not ours: "Misc"'
    )


@pytest.mark.parametrize(
    ("code", "expected"), [("INSUFFICIENT_ACCESS", MissingScope), ("FIELD_INTEGRITY_EXCEPTION", Fatal)]
)
def test_a_refused_component_is_named(canned: CannedOrg, code: str, expected: type[Fatal]) -> None:
    refusal = (
        "<result><created>false</created><errors><message>no can do</message>"
        f"<statusCode>{code}</statusCode></errors><fullName>Our_Segment</fullName><success>false</success></result>"
    )
    headers = {"Content-Type": "text/xml"}
    canned.on("POST", '(?s)upsertMetadata.*xsi:type="GlobalValueSet"', soap("upsertMetadata", refusal), headers=headers)
    empty_org(canned)
    crm = canned.open()
    plan = crm.plan_schema([SEGMENT])
    with pytest.raises(expected, match="no can do") as caught:
        crm.apply_schema(plan)
    assert type(caught.value) is expected


def test_our_values_are_added_renamed_retired_and_revived() -> None:
    existing = [PicklistValue("a", "A"), PicklistValue("x", "X"), PicklistValue("b", "B", active=False)]
    wanted = [
        PicklistValue("b", "B"),
        PicklistValue("a", "Alpha"),
        PicklistValue("n", "New"),
        PicklistValue("g", "G", active=False),
    ]
    merged = merge(existing, wanted)
    assert [(value.key, value.label, value.active) for value in merged.values] == [
        ("a", "Alpha", True),
        ("x", "X", True),
        ("b", "B", True),
        ("n", "New", True),
    ]
    assert merged.notes == ('+ "New"', 'label "A" becomes "Alpha"', '"B" is activated again')
    assert merged.foreign == ("X",)
    assert merge(merged.values, wanted).notes == ()


def test_pairs_with_values_that_are_not_ours_survive() -> None:
    existing = {"grid": ("energy", "legacy"), "theirs": ("legacy",)}
    merged, notes = merge_settings(existing, SUB.values, {"energy", "water"})
    assert merged == {"grid": ("energy", "legacy"), "theirs": ("legacy",), "pump": ("water", "energy")}
    assert notes == ('"Pumps" is valid for water, energy',)
    assert merge_settings(merged, SUB.values, {"energy", "water"})[1] == ()
