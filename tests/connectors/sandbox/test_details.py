"""A detail object stands and falls with its master: its sharing, its permissions and who may change its records."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.xmltree import Node

Call = Callable[[str, str], Node]
MASTER = (
    "<fields><fullName>Owner__c</fullName><label>Account</label><referenceTo>Account</referenceTo>"
    "<relationshipName>Notes</relationshipName><reparentableMasterDetail>true</reparentableMasterDetail>"
    "<type>MasterDetail</type><writeRequiresMasterRead>{reading}</writeRequiresMasterRead></fields>"
)
READ = (
    "<allowCreate>{change}</allowCreate><allowDelete>false</allowDelete><allowEdit>{change}</allowEdit>"
    "<allowRead>true</allowRead>"
)
MINIMUM = "Minimum Access - Salesforce"


def object_body(name: str, fields: str) -> str:
    return (
        f'<metadata xsi:type="CustomObject"><fullName>{name}</fullName><deploymentStatus>Deployed</deploymentStatus>'
        f"{fields}<label>Note</label><nameField><label>Number</label><type>Text</type></nameField>"
        "<pluralLabel>Notes</pluralLabel><sharingModel>ControlledByParent</sharingModel></metadata>"
    )


def on(name: str, *, change: bool = False, all_records: bool = False) -> str:
    flags = READ.format(change=str(change).lower())
    return (
        f"<objectPermissions>{flags}<object>{name}</object>"
        f"<viewAllRecords>{str(all_records).lower()}</viewAllRecords></objectPermissions>"
    )


def permission_set(content: str, name: str = "Granted") -> str:
    return f'<metadata xsi:type="PermissionSet"><fullName>{name}</fullName><label>x</label>{content}</metadata>'


def problem(reply: Node) -> str:
    (result,) = reply.all("result")
    errors = result.child("errors")
    return errors.get("message") if errors is not None else ""


@pytest.fixture(scope="module")
def detail(metadata: Call) -> str:
    assert not problem(metadata("upsertMetadata", object_body("Note__c", MASTER.format(reading="false"))))
    return "Note__c"


@pytest.fixture
def guarded(org: Org) -> Iterator[Org]:
    """An org in which people change their own accounts only."""
    org.set_setting("org_wide_defaults", {"Account": "Read"})
    yield org
    org.set_setting("org_wide_defaults", None)


def test_sharing_by_the_master_needs_a_master_from_the_start(metadata: Call) -> None:
    told = problem(metadata("upsertMetadata", object_body("Lonely__c", "")))
    assert "without a MasterDetail" in told


@pytest.mark.parametrize(
    ("content", "missing"),
    [
        (on("Note__c"), "Read Note__c depends on permission(s): Read Account"),
        (on("Note__c", all_records=True) + on("Account"), "View All Note__c depends on permission(s): View All"),
        (on("Note__c", change=True) + on("Account"), ""),
    ],
)
def test_access_to_a_detail_needs_access_to_its_master_in_the_same_set(
    metadata: Call, detail: str, content: str, missing: str
) -> None:
    told = problem(metadata("upsertMetadata", permission_set(content)))
    assert missing in told if missing else not told


def test_who_may_not_change_the_account_may_not_change_its_details(
    guarded: Org, served: Served, metadata: Call, detail: str
) -> None:
    granted = on(detail, change=True) + on("Account", change=True)
    assert not problem(metadata("upsertMetadata", permission_set(granted, "Changes")))
    (found,) = guarded.query("SELECT Id FROM PermissionSet WHERE Name = 'Changes'").records
    (profile,) = guarded.query(f"SELECT Id FROM Profile WHERE Name = '{MINIMUM}'").records
    seller = {"LastName": "S", "Username": "s@example.com", "Email": "s@example.com", "Alias": "s", "IsActive": True}
    (user,) = guarded.insert("User", [seller | {"ProfileId": profile["Id"]}])
    guarded.insert("PermissionSetAssignment", [{"AssigneeId": user.id, "PermissionSetId": found["Id"]}])
    own, foreign = guarded.insert("Account", [{"Name": "Own", "OwnerId": user.id}, {"Name": "Foreign"}])
    headers = {"Authorization": f"Bearer {guarded.sessions.issue(str(user.id))}"}

    def add(account: object) -> int:
        url = f"{served.url}/services/data/v63.0/sobjects/{detail}"
        return served.session.post(url, json={"Owner__c": account}, headers=headers, timeout=30).status_code

    assert add(own.id) == 201
    assert add(foreign.id) in (400, 403)
    assert len(guarded.query(f"SELECT Id FROM {detail}").records) == 1
