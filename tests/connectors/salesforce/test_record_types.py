"""Record types that would refuse our values are found, offered in the plan, and brought to allow them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from connectors.base import Change, FieldSpec, PicklistValue
from connectors.salesforce.crm import Salesforce
from connectors.salesforce.settings import open_salesforce
from connectors.sandbox.background import Served, serving
from connectors.sandbox.org.org import Org

TIER = FieldSpec(
    "account", "Tier__c", "Tier", "picklist", value_set="Our_Tier",
    values=(PicklistValue("gold", "Gold"), PicklistValue("silver", "Silver")),
)  # fmt: skip


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with Org.open(tmp_path) as org, serving(org) as crm:
        yield crm


def connect(served: Served) -> Salesforce:
    names = {"login_url": served.url, "client_id": served.facts["client_id"]}
    return open_salesforce({**names, "client_secret": served.facts["client_secret"]})


def add_record_type(served: Served, **picklists: list[str]) -> None:
    lists = "".join(
        f"<picklistValues><picklist>{name}</picklist>"
        + "".join(f"<values><fullName>{value}</fullName><default>false</default></values>" for value in values)
        + "</picklistValues>"
        for name, values in picklists.items()
    )
    body = (
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Header><SessionHeader><sessionId>{served.facts['access_token']}</sessionId></SessionHeader>"
        '</soapenv:Header><soapenv:Body><upsertMetadata><metadata xsi:type="RecordType">'
        f"<fullName>Account.Partner</fullName><active>true</active><label>Partner</label>{lists}"
        "</metadata></upsertMetadata></soapenv:Body></soapenv:Envelope>"
    )
    reply = served.session.post(
        f"{served.url}/services/Soap/m/63.0", data=body, headers={"Content-Type": "text/xml", "SOAPAction": '""'}
    )
    assert "<success>true</success>" in reply.text, reply.text


def record_type_steps(crm: Salesforce) -> list[str]:
    return [step.detail for step in crm.plan_schema([TIER]).steps if step.target == "Record type Account.Partner"]


def test_a_record_type_without_our_values_is_offered_and_brought_to_allow_them(served: Served) -> None:
    crm = connect(served)
    crm.apply_schema(crm.plan_schema([TIER]))
    add_record_type(served, Tier__c=["gold"], Industry=["Energy"])
    assert record_type_steps(crm) == ["Tier__c: 1 value of ours allowed, silver"]
    (partner,) = served.org.query("SELECT Id FROM RecordType WHERE DeveloperName = 'Partner'").records
    row: dict[str, Any] = {"Name": "Partner", "RecordTypeId": partner["Id"]}
    account = served.org.insert("Account", [row])[0].id
    assert account is not None
    (refused,) = crm.push("account", [Change(account, {"Tier__c": "silver"})])
    assert refused.code == "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    crm.apply_schema(crm.plan_schema([TIER]))
    assert record_type_steps(connect(served)) == []
    (taken,) = crm.push("account", [Change(account, {"Tier__c": "silver"})])
    assert taken.ok
    other = served.org.update("Account", [{"Id": account, "Industry": "Banking"}])[0]
    assert not other.success, "what the type allowed before is unchanged"
