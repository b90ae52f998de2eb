"""Invocable actions: of the standard ones, the one that sends a custom notification."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.org import ids
from connectors.sandbox.org.notifications import MAY_SEND, TYPE, Notification
from connectors.sandbox.org.org import Org
from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply

ACTION = "customNotificationAction"
MOST_RECIPIENTS = 500
_LABEL = "Send Custom Notification"
#: Inputs: name -> type, label, required, most characters.
_INPUTS: Mapping[str, tuple[str, str, bool, int]] = {
    "customNotifTypeId": ("REFERENCE", "Notification Type ID", True, 0),
    "recipientIds": ("REFERENCE", "Recipient IDs", True, 0),
    "senderId": ("REFERENCE", "Sender ID", False, 0),
    "title": ("STRING", "Notification Title", True, 250),
    "body": ("STRING", "Notification Body", True, 750),
    "targetId": ("REFERENCE", "Target ID", False, 0),
    "targetPageRef": ("STRING", "Target Page Reference", False, 0),
}
Inputs = Mapping[str, Any]


class Refused(Exception):
    """One set of inputs is not carried out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Actions:
    """`actions`, its standard ones, and what they do."""

    org: Org

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"actions", self.kinds),
            (("GET",), r"actions/standard", self.standard),
            (("GET",), rf"actions/standard/{ACTION}", self.describe),
            (("POST",), rf"actions/standard/{ACTION}", self.notify),
            (("GET", "POST"), r"actions/standard/(\w+)", self.unknown),
        ]

    def kinds(self, call: Call) -> Reply:
        return Reply({name: f"{call.root}/actions/{name}" for name in ("standard", "custom")})

    def standard(self, call: Call) -> Reply:
        url = f"{call.root}/actions/standard/{ACTION}"
        return Reply({"actions": [{"label": _LABEL, "name": ACTION, "type": ACTION.upper(), "url": url}]})

    def describe(self, call: Call) -> Reply:
        inputs = [
            {"name": name, "type": kind, "label": label, "required": required, "maxOccurs": 1,
             "byteLength": 3 * longest}
            for name, (kind, label, required, longest) in _INPUTS.items()
        ]  # fmt: skip
        return Reply({"name": ACTION, "type": ACTION.upper(), "label": _LABEL, "standard": True, "inputs": inputs})

    def unknown(self, call: Call) -> Reply:
        # unverified: the code and status for an action that is not there; its words are seen in reports of others.
        raise ApiError("NOT_FOUND", f"Invalid Action Type: {call.parts[0]}")

    def notify(self, call: Call) -> Reply:
        """One result per set of inputs, in their order; a refused one leaves the others alone."""
        inputs = call.mapping().get("inputs")
        if not isinstance(inputs, list) or not all(isinstance(each, dict) for each in inputs):
            raise ApiError("JSON_PARSER_ERROR", "The inputs of an action are a list")
        results = [self._result(call.user_id, each) for each in inputs]
        # unverified: a call with a refused set of inputs has status 400 and the results as its body.
        return Reply(results, 200 if all(result["isSuccess"] for result in results) else 400)

    def _result(self, sender: str, inputs: Inputs) -> dict[str, Any]:
        try:
            self.org.notifications.ring(list(self._checked(sender, inputs)))
        except Refused as refusal:
            error = {"statusCode": refusal.code, "message": refusal.message, "fields": []}
            return {"actionName": ACTION, "errors": [error], "isSuccess": False, "outputValues": None}
        said = {"SuccessMessage": "Your custom notification is processed successfully."}
        return {"actionName": ACTION, "errors": None, "isSuccess": True, "outputValues": said}

    def _checked(self, sender: str, inputs: Inputs) -> Iterator[Notification]:
        # unverified: the code and the words of each refusal of a notification.
        if MAY_SEND not in self.org.access.user_permissions(sender):
            raise Refused("INSUFFICIENT_ACCESS", "You don't have the Send Custom Notifications user permission.")
        self._check_form(inputs)
        type_id = ids.normalize(str(inputs["customNotifTypeId"])) or ""
        if not self._is_there(TYPE, type_id):
            raise Refused("INVALID_INPUT", "The notification type doesn't exist. Check customNotifTypeId.")
        target = str(inputs.get("targetPageRef") or inputs.get("targetId"))
        recipients = [ids.normalize(str(each)) or "" for each in _list(inputs["recipientIds"])]
        for user_id in recipients:
            if not self._is_there("User", user_id):
                raise Refused("INVALID_INPUT", "One or more of the recipientIds are invalid.")
        active = {row["Id"] for row in self.org.query("SELECT Id FROM User WHERE IsActive = true").records}
        for user_id in dict.fromkeys(recipients):
            if user_id in active:  # nobody hears the bell of a user who is not
                yield Notification(user_id, inputs["title"], inputs["body"], target, sender, type_id)

    def _check_form(self, inputs: Inputs) -> None:
        for name in inputs:
            if name not in _INPUTS:
                raise Refused("INVALID_API_INPUT", f"Unknown input parameter: {name}")
        for name, (_, _, required, longest) in _INPUTS.items():
            value = inputs.get(name)
            if required and not value:
                raise Refused("INVALID_API_INPUT", f"Missing required input parameter: {name}")
            if longest and len(str(value or "")) > longest:
                raise Refused("STRING_TOO_LONG", f"The {name} can have at most {longest} characters.")
        if len(_list(inputs["recipientIds"])) > MOST_RECIPIENTS:
            raise Refused("LIMIT_EXCEEDED", f"You can specify up to {MOST_RECIPIENTS} recipientIds.")
        if not inputs.get("targetId") and not inputs.get("targetPageRef"):
            raise Refused("INVALID_API_INPUT", "Specify a value for targetId or targetPageRef.")
        if inputs.get("targetId") and not ids.normalize(str(inputs["targetId"])):
            raise Refused("INVALID_ID_FIELD", f"Invalid ID: {inputs['targetId']}")
        if inputs.get("targetPageRef"):
            _page(str(inputs["targetPageRef"]))

    def _is_there(self, object_name: str, record_id: str) -> bool:
        definition = self.org.object(object_name)
        known = record_id.startswith(definition.key_prefix) and self.org.store.fetch(definition, [record_id])
        return bool(known)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _page(text: str) -> None:
    try:
        page = json.loads(text)
    except ValueError:
        page = None
    if not isinstance(page, dict) or not isinstance(page.get("type"), str):
        raise Refused("INVALID_INPUT", "The targetPageRef isn't a page reference in JSON.")
