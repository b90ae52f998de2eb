"""Our to-dos in Salesforce: created once, changed, completed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.base import TaskSpec
from connectors.errors import SchemaMismatch
from connectors.salesforce import soql
from connectors.salesforce.client import Client

_SUBJECT_LENGTH = 255
#: Characters of a Description.
_BODY_LENGTH = 32_000


class Tasks:
    """Tasks of one org. The key of a to-do stands at the end of its subject, in brackets."""

    def __init__(self, client: Client, own_user: Callable[[], str], headers: Mapping[str, str]) -> None:
        self._client = client
        self._own_user = own_user
        self._headers = headers

    def create(self, task: TaskSpec) -> str:
        """See `Crm.create_task`."""
        if not task.first_attempt and (known := self._find(_mark(task))):
            return known
        record = {"OwnerId": task.owner_id, **_texts(task)}
        if task.record_id:
            record["WhatId"] = task.record_id
        reply = self._client.send("POST", "sobjects/Task/", record, self._headers)
        return str(reply["id"])

    def change(self, task_id: str, task: TaskSpec, *, done: bool) -> bool:
        """See `ChangesTasks.change_task`. Its owner stays: he may have passed it on."""
        query = soql.select(["Id"], "Task", f"Id = {soql.literal(task_id)}", "IsClosed = false")
        if not self._client.query(query)["records"]:
            return False
        status = {"Status": self._closing_status()} if done else {}
        # The same values again change nothing, so a try whose outcome is unknown may be repeated.
        body = json.dumps({**_texts(task), **status}).encode()
        headers = {**self._headers, "Content-Type": "application/json"}
        self._client.http("PATCH", f"sobjects/Task/{task_id}", data=body, headers=headers, repeatable=True)
        return True

    def _find(self, marked: str) -> str:
        """Id of our task whose subject holds this mark, "" when there is none."""
        mine = f"CreatedById = {soql.literal(self._own_user())}"  # keeps the search off other people's tasks
        known = soql.select(["Id"], "Task", f"Subject LIKE {soql.containing(marked)}", mine, limit=1)
        found = self._client.query(known)["records"]
        return str(found[0]["Id"]) if found else ""

    def _closing_status(self) -> str:
        """The status of a task that is done: orgs name theirs."""
        found = self._client.query(soql.select(["ApiName", "SortOrder"], "TaskStatus", "IsClosed = true"))["records"]
        if not found:
            raise SchemaMismatch(
                "The org has no status for a task that is done.",
                next_step="Mark a value of the field Status of Task as closed, in Setup.",
            )
        return str(min(found, key=lambda row: row["SortOrder"])["ApiName"])


def _mark(task: TaskSpec) -> str:
    return f"[{task.key}]"


def _texts(task: TaskSpec) -> dict[str, Any]:
    marked = _mark(task)
    return {
        "Subject": f"{task.subject[: _SUBJECT_LENGTH - len(marked) - 1]} {marked}",
        "Description": task.body[:_BODY_LENGTH],
        "ActivityDate": task.due_on.isoformat(),
    }
