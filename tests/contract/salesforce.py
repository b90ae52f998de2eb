"""The ground of the contract suite for Salesforce: an org of the sandbox, served over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connectors.base import Crm, FieldSpec, PicklistValue
from connectors.patience import Patience
from connectors.salesforce import Client, Credentials, Salesforce
from connectors.sandbox.background import Served
from connectors.sandbox.org.schema import PicklistEntry
from tests.contract.ground import Break, Target

_CALLS: Mapping[Target, dict[str, str]] = {
    "read": {"method": "GET", "path": "/query"},
    "write": {"method": "PATCH", "path": "/composite/sobjects"},
    "task": {"method": "POST", "path": "/sobjects/Task"},
}
_BREAKS: Mapping[Break, dict[str, Any]] = {
    "drop_before": {"action": "drop"},
    "drop_after": {"action": "drop", "when": "after"},
    "busy": {"action": "status", "status": 503, "reply": "busy"},
    "expired": {
        "action": "status", "status": 401,
        "reply": [{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}],
    },
    "rate_limit": {
        "action": "status", "status": 403,
        "reply": [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}],
    },
    "garbled": {"action": "corrupt", "when": "after"},
}  # fmt: skip


class SalesforceGround:
    """See `tests.contract.ground.Ground`."""

    page = 2000
    note = "Description"
    segment = FieldSpec(
        "account", "Ours_Segment__c", "Segment", "picklist", value_set="Ours_Segment",
        values=(PicklistValue("grow", "Grow"), PicklistValue("keep", "Keep")),
    )  # fmt: skip
    level = FieldSpec(
        "account", "Ours_Level__c", "Level", "picklist", value_set="Ours_Level", controller="Ours_Segment__c",
        values=(PicklistValue("fast", "Fast", ("grow",)), PicklistValue("slow", "Slow", ("grow", "keep"))),
    )  # fmt: skip
    reason = FieldSpec("account", "Ours_Reason__c", "Reason", "text", length=40)
    score = FieldSpec("account", "Ours_Score__c", "Score", "number", precision=4, scale=1)

    def __init__(self, served: Served) -> None:
        self._served = served
        self._org = served.org
        self.user_id = self._org.admin_user_id
        self.colleague_id = self._add_user("colleague", active=True)
        self.inactive_user_id = self._add_user("gone", active=False)

    def connect(self) -> Crm:
        facts = self._served.facts
        secrets = {name: facts[name] for name in ("client_id", "client_secret")}
        credentials = Credentials(login_url=facts["url"], **secrets)
        return Salesforce(Client(credentials, patience=Patience(first_pause=0.01)))

    def add_accounts(self, names: Sequence[str]) -> list[str]:
        return self._org.bulk_load("Account", ({"Name": name, self.note: "theirs"} for name in names))

    def edit(self, record_id: str, values: Mapping[str, Any]) -> None:
        (outcome,) = self._org.update("Account", [{"Id": record_id, **values}])
        assert outcome.success, outcome.errors

    def delete(self, record_id: str) -> None:
        (outcome,) = self._org.delete("Account", [record_id])
        assert outcome.success, outcome.errors

    def values(self, record_id: str) -> Mapping[str, Any]:
        ours = [spec.name for spec in (self.segment, self.level, self.reason, self.score)]
        (row,) = self._org.query(
            f"SELECT OwnerId, {self.note}, {', '.join(ours)} FROM Account WHERE Id = '{record_id}'"
        ).records
        return {"owner": row["OwnerId"], **{name: row[name] for name in (self.note, *ours)}}

    def add_foreign_value(self, spec: FieldSpec, key: str) -> None:
        values = self._org.value_sets()[spec.value_set]
        self._org.save_value_set(replace(values, entries=(*values.entries, PicklistEntry(key, key.title()))))

    def keys(self, spec: FieldSpec) -> list[str]:
        return [entry.value for entry in self._org.value_sets()[spec.value_set].entries if entry.active]

    def assign_on_save(self, user_id: str) -> None:
        rule = {"field": self.note, "owners": {"theirs": user_id}}
        self._org.set_setting("assignment_rules", {"Account": rule})

    def delete_task(self, task_id: str) -> None:
        (outcome,) = self._org.delete("Task", [task_id])
        assert outcome.success, outcome.errors

    def tasks(self) -> list[Mapping[str, Any]]:
        rows = self._org.query("SELECT Id, OwnerId, Subject, Description, ActivityDate, WhatId FROM Task").records
        names = {
            "id": "Id", "owner_id": "OwnerId", "subject": "Subject", "body": "Description", "due_on": "ActivityDate",
            "record_id": "WhatId",
        }  # fmt: skip
        return [{ours: row[theirs] for ours, theirs in names.items()} for row in rows]

    def break_next(self, target: Target, how: Break, *, times: int = 1) -> None:
        rule = {**_CALLS[target], **_BREAKS[how], "times": times}
        self._served.request("POST", "/__sandbox__/faults", json=rule).raise_for_status()

    def add_fault(self, rule: Mapping[str, Any]) -> None:
        self._served.request("POST", "/__sandbox__/faults", json=dict(rule)).raise_for_status()

    def count(self, path: str) -> int:
        """Requests with this in their path."""
        return sum(path in entry["path"] for entry in self._served.request("GET", "/__sandbox__/log").json())

    def heal(self) -> None:
        for what in ("faults", "log"):
            self._served.request("DELETE", f"/__sandbox__/{what}").raise_for_status()

    def requests(self, target: Target) -> int:
        call = _CALLS[target]
        log = self._served.request("GET", "/__sandbox__/log").json()
        return sum(entry["method"] == call["method"] and call["path"] in entry["path"] for entry in log)

    def _add_user(self, name: str, *, active: bool) -> str:
        profile = self._org.query(f"SELECT ProfileId FROM User WHERE Id = '{self.user_id}'").records[0]["ProfileId"]
        (outcome,) = self._org.insert(
            "User",
            [{
                "Username": f"{name}@example.com", "LastName": name, "Email": f"{name}@example.com",
                "Alias": name[:8], "ProfileId": profile, "IsActive": active, "TimeZoneSidKey": "GMT",
                "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", "LanguageLocaleKey": "en_US",
            }],
        )  # fmt: skip
        assert outcome.id, outcome.errors
        return outcome.id
