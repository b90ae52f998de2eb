"""Custom notifications: who may send them, to whom they ring, and what is refused in which words."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from connectors.sandbox.background import Served
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.xmltree import Node
from tests.connectors.sandbox.test_permissions_of_users import Person, grant

ACTION = "actions/standard/customNotificationAction"
Call = Callable[[str, str], Node]


@pytest.fixture(scope="module")
def type_id(org: Org, metadata: Call) -> str:
    body = (
        '<metadata xsi:type="CustomNotificationType"><fullName>Bell</fullName><customNotifTypeName>Bell'
        "</customNotifTypeName><desktop>true</desktop><masterLabel>Bell</masterLabel><mobile>false</mobile></metadata>"
    )
    for _ in range(2):
        (result,) = metadata("upsertMetadata", body).all("result")
        assert result.get("success") == "true", result
    (found,) = org.query("SELECT Id, Desktop, Mobile FROM CustomNotificationType WHERE DeveloperName = 'Bell'").records
    assert (found["Id"][:3], found["Desktop"], found["Mobile"]) == ("0ML", True, False)
    return str(found["Id"])


@pytest.fixture
def inputs(org: Org, type_id: str) -> dict[str, Any]:
    user = org.admin_user_id
    return {"customNotifTypeId": type_id, "recipientIds": [user], "title": "T", "body": "B", "targetId": user}


def send(served: Served, *inputs: dict[str, Any]) -> tuple[int, list[dict[str, Any]]]:
    answer = served.request("POST", ACTION, json={"inputs": inputs})
    return answer.status_code, answer.json()


def test_a_notification_rings_once_at_each_active_user(served: Served, org: Org, inputs: dict[str, Any]) -> None:
    colleague = Person(served, "colleague")
    (gone,) = org.update("User", [{"Id": Person(served, "gone").id, "IsActive": False}])
    recipients = [org.admin_user_id, colleague.id, colleague.id[:15], str(gone.id)]
    status, (result,) = send(served, {**inputs, "recipientIds": recipients})
    assert (status, result["isSuccess"], result["errors"]) == (200, True, None)
    assert [each.user_id for each in org.notifications.of()] == [org.admin_user_id, colleague.id]
    assert org.notifications.of(colleague.id)[0].target == inputs["targetId"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "x" * 251}, "STRING_TOO_LONG"),
        ({"body": "x" * 751}, "STRING_TOO_LONG"),
        ({"title": ""}, "INVALID_API_INPUT"),
        ({"targetId": None}, "INVALID_API_INPUT"),
        ({"targetId": "abc"}, "INVALID_ID_FIELD"),
        ({"targetPageRef": "https://x.example"}, "INVALID_INPUT"),
        ({"customNotifTypeId": "0ML000000000001AAA"}, "INVALID_INPUT"),
        ({"recipientIds": ["001000000000001AAA"]}, "INVALID_INPUT"),
        ({"recipientIds": ["005000000000001AAA"] * 501}, "LIMIT_EXCEEDED"),
        ({"colour": "red"}, "INVALID_API_INPUT"),
    ],
)
def test_what_does_not_fit_is_refused_and_the_rest_rings(
    served: Served, org: Org, inputs: dict[str, Any], change: dict[str, Any], code: str
) -> None:
    before = len(org.notifications.of())
    status, results = send(served, {**inputs, **change}, inputs)
    assert status == 400
    assert [result["isSuccess"] for result in results] == [False, True]
    assert results[0]["errors"][0]["statusCode"] == code
    assert len(org.notifications.of()) == before + 1


def test_who_lacks_the_permission_sends_none_until_it_is_granted(
    served: Served, org: Org, metadata: Call, inputs: dict[str, Any]
) -> None:
    person = Person(served, "sender")
    grant(metadata, org, person, "<userPermissions><enabled>true</enabled><name>ApiEnabled</name></userPermissions>")
    body = {"inputs": [inputs]}
    (result,) = person.ask("POST", ACTION, json=body).json()
    assert result["errors"][0]["statusCode"] == "INSUFFICIENT_ACCESS"
    permission = "<userPermissions><enabled>true</enabled><name>SendCustomNotifications</name></userPermissions>"
    grant(metadata, org, person, permission, "May_Send")
    assert person.ask("POST", ACTION, json=body).json()[0]["isSuccess"]


def test_a_page_can_be_the_target_and_the_action_is_described(served: Served, org: Org, inputs: dict[str, Any]) -> None:
    page = json.dumps({"type": "standard__webPage", "attributes": {"url": "https://tierline.example/alerts/1"}})
    status, _ = send(served, {**inputs, "targetId": None, "targetPageRef": page})
    assert status == 200
    assert org.notifications.of()[-1].target == page
    described = served.request("GET", ACTION).json()
    required = [each["name"] for each in described["inputs"] if each["required"]]
    assert required == ["customNotifTypeId", "recipientIds", "title", "body"]
    assert served.request("GET", "actions/standard/chatterPost").status_code == 404
