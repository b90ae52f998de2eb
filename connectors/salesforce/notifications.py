"""Custom notifications: the action that sends them, of the type that our package brings.

https://developer.salesforce.com/docs/atlas.en-us.api_action.meta/api_action/actions_obj_custom_notification.htm
"""

from __future__ import annotations

import json
from typing import Any

from connectors.errors import AuthRevoked, Fatal, MissingScope, SchemaMismatch
from connectors.notifications import NotificationSpec
from connectors.salesforce import soql
from connectors.salesforce.client import Client
from connectors.salesforce.errors import faults_of, from_fault, outcome_unknown
from connectors.salesforce.notification_type import KIND, TYPE
from connectors.salesforce.sending import host_of

ACTION = "actions/standard/customNotificationAction"
MOST_TITLE, MOST_BODY = 250, 750
_PERMISSION = "PermissionsSendCustomNotifications"


def send(client: Client, notification: NotificationSpec) -> None:
    """See `SendsNotifications.notify`."""
    inputs = {
        "customNotifTypeId": _type(client),
        "recipientIds": [notification.user_id],
        "title": cut(notification.title, MOST_TITLE),
        "body": cut(notification.body, MOST_BODY),
        **_target(notification),
    }
    try:
        _check(client, client.send("POST", ACTION, {"inputs": [inputs]}, {}))
    except AuthRevoked:
        raise
    except Fatal as error:
        if not isinstance(error, MissingScope) and _may_send(client):
            raise
        raise MissingScope(
            f"The integration user may not send notifications in Salesforce: {error.message}",
            next_step="Give it the user permission 'Send Custom Notifications', by a permission set.",
            code=error.code,
        ) from error


def _check(client: Client, results: Any) -> None:
    """Raises for what is refused inside an answer of success."""
    host = host_of(client.address)
    if not isinstance(results, list) or len(results) != 1:
        raise outcome_unknown(host)
    for fault in faults_of(results[0]):
        raise from_fault(fault, host)


def _may_send(client: Client) -> bool:
    """Asked only after a refusal: orgs from before Winter '21 do not require the permission."""
    (row,) = client.query(soql.select([_PERMISSION], "UserPermissionAccess"))["records"]
    return bool(row[_PERMISSION])


def cut(text: str, most: int) -> str:
    """The text, shortened where a word ends."""
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    return f"{kept.rpartition(' ')[0].rstrip() or kept}…"


def _type(client: Client) -> str:
    """Asked each time: an administrator may just have made it anew."""
    query = soql.select(["Id"], KIND, f"DeveloperName = {soql.literal(TYPE)}")
    found = client.query(query)["records"]
    if not found:
        raise SchemaMismatch(
            f"The org has no notification type {TYPE}.",
            next_step="Bring it: tierline schema plan, then tierline schema apply. Or make it in Setup, Notification "
            f"Builder, Notification Types: API name {TYPE}, channels Desktop and Mobile.",
            code="NO_NOTIFICATION_TYPE",
        )
    return str(found[0]["Id"])


def _target(notification: NotificationSpec) -> dict[str, str]:
    if notification.record_id:
        return {"targetId": notification.record_id}
    # unverified: the bell follows a page reference to a web page outside of Salesforce.
    page = {"type": "standard__webPage", "attributes": {"url": notification.url}}
    return {"targetPageRef": json.dumps(page)}
