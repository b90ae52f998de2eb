"""What a new org holds before anybody loads anything: administrator, profiles, stages, price book."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from connectors.sandbox.org.outcomes import SchemaError
from connectors.sandbox.org.schema import PicklistEntry
from connectors.sandbox.org.standard import CASE_STATUSES, TASK_STATUSES
from connectors.sandbox.org.standard_sales import STAGES

if TYPE_CHECKING:
    from connectors.sandbox.org.org import Org

#: status object -> the picklist whose values it explains
_STATUS_FIELDS = {
    "OpportunityStage": ("Opportunity", "StageName"),
    "CaseStatus": ("Case", "Status"),
    "TaskStatus": ("Task", "Status"),
}
_PROFILES = (
    "System Administrator",
    "Standard User",
    "Minimum Access - Salesforce",
    "Salesforce API Only System Integrations",
)


def fill_new_org(org: Org, name: str) -> None:
    """Creates the first records. The administrator is found by its user name afterwards."""
    profiles = org.bulk_load(
        "Profile",
        [
            {"Name": profile, "UserType": "Standard", "PermissionsModifyAllData": profile == _PROFILES[0]}
            for profile in _PROFILES
        ],
    )
    administrator = {
        "Username": f"admin@{org.org_id[:15].lower()}.sandbox",
        "FirstName": "Ada", "LastName": "Admin", "Email": "admin@sandbox.invalid", "Alias": "admin",
        "IsActive": True, "ProfileId": profiles[0], "Title": "CRM administrator",
    }  # fmt: skip
    org.bulk_load("User", [administrator])
    org.bulk_load("Organization", [{
        "Name": name, "OrganizationType": "Developer Edition", "IsSandbox": True, "FiscalYearStartMonth": 1,
        "InstanceName": "SANDBOX",
    }])  # fmt: skip
    org.bulk_load("Pricebook2", [{"Name": "Standard Price Book", "IsActive": True, "IsStandard": True}])
    org.bulk_load("OpportunityStage", [
        _stage(position, stage, *meaning) for position, (stage, meaning) in enumerate(STAGES.items(), 1)
    ])  # fmt: skip
    for object_name, statuses in (("CaseStatus", CASE_STATUSES), ("TaskStatus", TASK_STATUSES)):
        org.bulk_load(object_name, [
            {"MasterLabel": status, "ApiName": status, "SortOrder": position, "IsClosed": closed,
             "IsDefault": position == 1}
            for position, (status, closed) in enumerate(statuses.items(), 1)
        ])  # fmt: skip


def _stage(position: int, name: str, closed: bool, won: bool, probability: int, category: str) -> dict[str, Any]:
    return {
        "MasterLabel": name, "ApiName": name, "IsActive": True, "SortOrder": position, "IsClosed": closed,
        "IsWon": won, "DefaultProbability": probability, "ForecastCategoryName": category,
    }  # fmt: skip


def save_status(org: Org, kind: str, value: str, *, closed: bool, won: bool, probability: int) -> None:
    """See `Org.save_status`."""
    if kind not in _STATUS_FIELDS:
        raise SchemaError("INVALID_TYPE", f"{kind} is none of {', '.join(_STATUS_FIELDS)}")
    object_name, field_name = _STATUS_FIELDS[kind]
    row: dict[str, Any] = {"MasterLabel": value, "ApiName": value, "IsClosed": closed}
    if kind == "OpportunityStage":
        category = "Closed" if won else "Omitted" if closed else "Pipeline"
        row |= {"IsWon": won, "DefaultProbability": probability, "ForecastCategoryName": category}
    definition = org.object(kind)
    with org.store.writing():
        known = org.find_ids(kind, "ApiName", value)
        if known:
            stored = {name: int(item) if isinstance(item, bool) else item for name, item in row.items()}
            org.store.update_rows(definition, [(known[0], {**stored, "SystemModstamp": org.clock.stamp()})])
        else:
            org.bulk_load(kind, [{**row, "SortOrder": len(org.store.all_rows(definition)) + 1}])
        field = org.object(object_name).fields[field_name]
        if value not in {entry.value for entry in field.values}:
            org.save_field(object_name, replace(field, values=(*field.values, PicklistEntry(value, value))))
