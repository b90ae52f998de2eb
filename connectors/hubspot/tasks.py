"""Tasks for people: each has a key at the end of its subject, by which it is found again.

Records tell at once which tasks hang on them; a task without a record is found by the search, whose index lags.
"""

from __future__ import annotations

import html
from collections.abc import Container
from datetime import UTC, datetime, time

from connectors.base import TaskSpec
from connectors.errors import Fatal
from connectors.hubspot import searching
from connectors.hubspot.client import BATCH, Client, Json, portions
from connectors.hubspot.kinds import COMPANIES

SUBJECT, STATUS, COMPLETED = "hs_task_subject", "hs_task_status", "COMPLETED"
#: HubSpot's number of the association from a task to a company.
_TO_COMPANY = 192


def create(client: Client, task: TaskSpec, active: Container[str]) -> str:
    """See `Crm.create_task`. `active`: the owners who can receive it."""
    marked = f"[{task.key}]"
    if not task.first_attempt and (known := _known(client, task, marked)):
        return known
    if task.owner_id not in active:
        raise Fatal(
            f"The owner {task.owner_id} is no longer active in HubSpot.",
            next_step="Give the record an active owner; alerts go to the manager.",
            code="INACTIVE_OWNER",
        )
    body: Json = {
        "properties": {
            **_texts(task),
            STATUS: "NOT_STARTED",
            "hs_task_type": "TODO",
            "hubspot_owner_id": task.owner_id,
        },
        "associations": [
            {
                "to": {"id": task.record_id},
                "types": [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": _TO_COMPANY}],
            }
        ]
        if task.record_id
        else [],
    }
    return str(client.post(client.paths.objects("tasks"), body)["id"])


def change(client: Client, task_id: str, task: TaskSpec, *, done: bool) -> bool:
    """See `ChangesTasks.change_task`. Its owner stays: he may have passed it on."""
    asked = {"properties": [STATUS], "inputs": [{"id": task_id}]}
    rows = client.results(client.post(client.paths.objects("tasks", "/batch/read"), asked))
    if not rows or rows[0]["properties"].get(STATUS) == COMPLETED:
        return False
    status = {STATUS: COMPLETED} if done else {}
    client.patch(client.paths.objects("tasks", f"/{task_id}"), {"properties": {**_texts(task), **status}})
    return True


def _texts(task: TaskSpec) -> Json:
    # unverified: a task is due at its hs_timestamp; noon in UTC is the same day from -11 to +11 hours.
    due = datetime.combine(task.due_on, time(12), tzinfo=UTC)
    return {
        "hs_timestamp": due.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        SUBJECT: f"{task.subject} [{task.key}]",
        "hs_task_body": html.escape(task.body, quote=False).replace("\n", "<br>"),
    }


def _known(client: Client, task: TaskSpec, marked: str) -> str:
    """Id of our task whose subject holds this mark, "" when there is none."""
    if task.record_id:
        # unverified: a new task is among its company's associations as soon as it is made.
        return _of_record(client, task.record_id, marked)
    # The search splits words as it likes, so what it finds is looked at.
    filters = [
        searching.where("hubspot_owner_id", "EQ", task.owner_id),
        searching.where(SUBJECT, "CONTAINS_TOKEN", task.key),
    ]
    for rows, _ in searching.found(client, "tasks", filters, [SUBJECT]):
        for row in rows:
            if marked in str(row["properties"].get(SUBJECT) or ""):
                return str(row["id"])
    return ""


def _of_record(client: Client, record_id: str, marked: str) -> str:
    link = client.paths.associations(COMPANIES, "tasks")
    pending = [{"id": record_id}]
    ids: list[str] = []
    while pending:
        rows = client.results(client.post(link, {"inputs": pending}))
        ids += [str(end["toObjectId"]) for row in rows for end in row.get("to") or ()]
        places = [((row.get("paging") or {}).get("next") or {}).get("after") for row in rows]
        pending = [{"id": record_id, "after": str(place)} for place in places if place]
    for some in portions(ids, BATCH):
        body = {"properties": [SUBJECT], "inputs": [{"id": each} for each in some]}
        for row in client.results(client.post(client.paths.objects("tasks", "/batch/read"), body)):
            if marked in str(row["properties"].get(SUBJECT) or ""):
                return str(row["id"])
    return ""
