"""The ground of the contract suite for HubSpot: a portal of the sandbox, served over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.base import Crm, FieldSpec, PicklistValue
from connectors.hubspot import Client, Credentials, Hubspot
from connectors.patience import Patience
from connectors.sandbox.background import ServedPortal
from connectors.sandbox.portal.apps import ALL_SCOPES
from connectors.sandbox.portal.schema import Option
from connectors.sandbox.portal.writes import Change
from tests.contract.ground import Break, Target

_CALLS: Mapping[Target, dict[str, str]] = {
    "read": {"method": "GET", "path": "/objects/companies"},
    "write": {"method": "POST", "path": "/objects/companies/batch/update$"},
    "task": {"method": "POST", "path": "/objects/tasks$"},
}
_BREAKS: Mapping[Break, dict[str, Any]] = {
    "drop_before": {"action": "drop"},
    "drop_after": {"action": "drop", "when": "after"},
    "busy": {"action": "status", "status": 503, "reply": {"status": "error", "message": "busy"}},
    "expired": {
        "action": "status", "status": 401,
        "reply": {"status": "error", "category": "EXPIRED_AUTHENTICATION", "message": "The token expired."},
    },
    "rate_limit": {
        "action": "status", "status": 429,
        "reply": {"status": "error", "errorType": "RATE_LIMIT", "policyName": "DAILY",
                  "message": "You have reached your daily limit."},
    },
    "garbled": {"action": "corrupt", "when": "after"},
}  # fmt: skip
COMPANIES = "companies"


class HubspotGround:
    """See `tests.contract.ground.Ground`."""

    page = 100
    note = "description"
    segment = FieldSpec(
        "account", "ours_segment", "Segment", "picklist", values=(PicklistValue("grow", "Grow"),
        PicklistValue("keep", "Keep")),
    )  # fmt: skip
    # HubSpot has no options that depend on others.
    level = FieldSpec(
        "account", "ours_level", "Level", "picklist", values=(PicklistValue("fast", "Fast"),
        PicklistValue("slow", "Slow")),
    )  # fmt: skip
    reason = FieldSpec("account", "ours_reason", "Reason", "text", length=65_536)
    score = FieldSpec("account", "ours_score", "Score", "number", precision=4, scale=1)

    def __init__(self, served: ServedPortal) -> None:
        self._served = served
        self._portal = served.portal
        self._kinds = self._portal.kinds()
        self.user_id = str(self._portal.admin.id)
        self.colleague_id = self._add_owner("colleague", active=True)
        self.inactive_user_id = self._add_owner("gone", active=False)

    def connect(self) -> Crm:
        """By OAuth, whose tokens can be renewed."""
        apps, facts = self._portal.apps, self._served.facts
        grant = apps.grant(self._portal.admin.user_id, ALL_SCOPES)
        credentials = Credentials(
            api_url=facts["url"],
            client_id=facts["client_id"],
            client_secret=facts["client_secret"],
            refresh_token=apps.issue_refresh(grant),
        )
        return Hubspot(Client(credentials, patience=Patience(first_pause=0.01)))

    def add_accounts(self, names: Sequence[str]) -> list[str]:
        rows = ({"name": name, self.note: "theirs"} for name in names)
        return [str(each) for each in self._portal.bulk_load(self._kinds[COMPANIES], rows)]

    def edit(self, record_id: str, values: Mapping[str, Any]) -> None:
        self._portal.update(self._kinds[COMPANIES], [Change(record_id, values)])

    def delete(self, record_id: str) -> None:
        self._portal.archive(self._kinds[COMPANIES], [record_id])

    def values(self, record_id: str) -> Mapping[str, Any]:
        ours = [spec.name for spec in (self.segment, self.level, self.reason, self.score)]
        names = ["hubspot_owner_id", self.note, *ours]
        held = dict(self._portal.read(self._kinds[COMPANIES], [int(record_id)], names)[int(record_id)].values)
        score = held.get(self.score.name)
        return {
            "owner": held.get("hubspot_owner_id"),
            **{name: held.get(name) for name in (self.note, *ours)},
            self.score.name: None if score is None else float(score),
        }

    def add_foreign_value(self, spec: FieldSpec, key: str) -> None:
        definitions, kind = self._portal.definitions, self._kinds[COMPANIES]
        options = definitions.properties(kind)[spec.name].options
        definitions.change_property(kind, spec.name, options=(*options, Option(key, key.title())))

    def keys(self, spec: FieldSpec) -> list[str]:
        known = self._portal.definitions.properties(self._kinds[COMPANIES])[spec.name]
        return [option.value for option in known.options if not option.hidden]

    def assign_on_save(self, user_id: str) -> None:
        """HubSpot has no rules of this kind."""

    def delete_task(self, task_id: str) -> None:
        self._served.request("DELETE", f"/crm/v3/objects/tasks/{task_id}").raise_for_status()

    def tasks(self) -> list[Mapping[str, Any]]:
        names = {
            "owner_id": "hubspot_owner_id", "subject": "hs_task_subject", "body": "hs_task_body",
            "due_on": "hs_timestamp",
        }  # fmt: skip
        rows = self._served.request(
            "GET",
            "/crm/v3/objects/tasks",
            params={"limit": 100, "properties": ",".join(names.values()), "associations": COMPANIES},
        ).json()["results"]
        return [_task(row, names) for row in rows]

    def break_next(self, target: Target, how: Break, *, times: int = 1) -> None:
        rule = {**_CALLS[target], **_BREAKS[how], "times": times}
        self._served.request("POST", "/__sandbox__/faults", json=rule).raise_for_status()

    def heal(self) -> None:
        for what in ("faults", "log"):
            self._served.request("DELETE", f"/__sandbox__/{what}").raise_for_status()

    def requests(self, target: Target) -> int:
        call = _CALLS[target]
        log = self._served.request("GET", "/__sandbox__/log").json()
        part = call["path"].removesuffix("$")
        return sum(entry["method"] == call["method"] and part in entry["path"] for entry in log)

    def _add_owner(self, name: str, *, active: bool) -> str:
        return str(self._portal.owners.add(f"{name}@example.com", name.title(), "Person", active=active).id)


def _task(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {ours: row["properties"].get(theirs) for ours, theirs in names.items()}
    ends = [end["id"] for each in row.get("associations", {}).values() for end in each["results"]]
    return {**found, "id": row["id"], "due_on": str(found["due_on"])[:10], "record_id": ends[0] if ends else None}
