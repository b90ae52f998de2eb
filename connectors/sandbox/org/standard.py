"""Standard objects of service, activities and set-up, and `STANDARD`: all standard objects by name."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.org.notifications import NOTIFICATION_TYPE
from connectors.sandbox.org.permission_sets import OBJECTS, USER_PERMISSIONS
from connectors.sandbox.org.schema import FieldDef, ObjectDef
from connectors.sandbox.org.standard_fields import (
    area,
    day,
    email,
    flag,
    instant,
    lookup,
    make,
    number,
    numbered,
    owner,
    phone,
    picklist,
    read_only,
    text,
    whole,
    with_system_fields,
)
from connectors.sandbox.org.standard_leads import LEAD
from connectors.sandbox.org.standard_sales import SALES

#: value -> closed
CASE_STATUSES = {"New": False, "Working": False, "Escalated": False, "Closed": True}
TASK_STATUSES = {
    "Not Started": False,
    "In Progress": False,
    "Completed": True,
    "Waiting on someone else": False,
    "Deferred": False,
}
_RELATED = ("Account", "Case", "Contract", "Opportunity", "Order", "Product2")

CASE = make("Case", "Case", "Cases", "500", [
    read_only(lookup("MasterRecordId", "Master Record ID", "Case"), calculated=False),
    numbered("CaseNumber", "Case Number", "{00000000}"),
    lookup("ContactId", "Contact ID", "Contact", children="Cases"),
    lookup("AccountId", "Account ID", "Account", children="Cases", on_delete="restrict"),
    lookup("ParentId", "Parent Case ID", "Case", children="Cases"),
    email("SuppliedEmail", "Email Address"),
    picklist("Type", "Case Type", "Mechanical", "Electrical", "Electronic", "Structural", "Other"),
    picklist("Status", "Status", *CASE_STATUSES, default="New"),
    picklist("Reason", "Case Reason", "Installation", "Equipment Complexity", "Performance", "Breakdown",
             "Equipment Design", "Feedback", "Other"),
    picklist("Origin", "Case Origin", "Phone", "Email", "Web"),
    text("Subject", "Subject"),
    picklist("Priority", "Priority", "High", "Medium", "Low", default="Medium"),
    area("Description", "Description"),
    read_only(flag("IsClosed", "Closed")),
    instant("ClosedDate", "Closed Date", createable=False, updateable=False),
    flag("IsEscalated", "Escalated"),
    owner("Group", "User"),
])  # fmt: skip


def _activity(subtypes: tuple[str, ...]) -> list[FieldDef]:
    return [
        lookup("WhoId", "Name ID", "Contact"),
        lookup("WhatId", "Related To ID", *_RELATED),
        FieldDef("Subject", "Subject", "combobox", length=255),
        owner("User"),
        area("Description", "Description"),
        read_only(lookup("AccountId", "Account ID", "Account")),
        flag("IsArchived", "Archived", createable=False, updateable=False),
        picklist("TaskSubtype" if "Task" in subtypes else "EventSubtype", "Subtype", *subtypes,
                 default=subtypes[0], restricted=True, updateable=False),
        instant("ReminderDateTime", "Reminder Date/Time"),
        flag("IsReminderSet", "Reminder Set"),
    ]  # fmt: skip


TASK = make("Task", "Task", "Tasks", "00T", [
    *_activity(("Task", "Email", "ListEmail", "Cadence", "Call", "LinkedIn")),
    day("ActivityDate", "Due Date Only"),
    picklist("Status", "Status", *TASK_STATUSES, required=True, default="Not Started"),
    picklist("Priority", "Priority", "High", "Normal", "Low", required=True, default="Normal"),
    read_only(flag("IsHighPriority", "High Priority")),
    read_only(flag("IsClosed", "Closed")),
    whole("CallDurationInSeconds", "Call Duration"),
    picklist("CallType", "Call Type", "Internal", "Inbound", "Outbound", restricted=True),
    instant("CompletedDateTime", "Completed Date", createable=False, updateable=False),
])  # fmt: skip

EVENT = make("Event", "Event", "Events", "00U", [
    *_activity(("Event",)),
    text("Location", "Location"),
    flag("IsAllDayEvent", "All-Day Event"),
    instant("ActivityDateTime", "Due Date Time"),
    day("ActivityDate", "Due Date Only"),
    whole("DurationInMinutes", "Duration"),
    instant("StartDateTime", "Start Date Time"),
    instant("EndDateTime", "End Date Time"),
    picklist("ShowAs", "Show Time As", "Busy", "OutOfOffice", "Free", default="Busy", restricted=True),
    flag("IsPrivate", "Private"),
])  # fmt: skip

USER = make("User", "User", "Users", "005", [
    text("Username", "Username", 80, required=True, unique=True),
    text("LastName", "Last Name", 80, required=True),
    text("FirstName", "First Name", 40),
    read_only(text("Name", "Full Name", 121)),
    text("CompanyName", "Company Name", 80),
    text("Division", "Division", 80),
    text("Department", "Department", 80),
    text("Title", "Title", 80),
    text("Country", "Country", 80),
    email(required=True),
    phone("Phone", "Phone"),
    text("Alias", "Alias", 8, required=True),
    flag("IsActive", "Active"),
    lookup("UserRoleId", "Role ID", "UserRole"),
    lookup("ProfileId", "Profile ID", "Profile", children="Users", required=True),
    picklist("UserType", "User Type", "Standard", "PowerPartner", "CsnOnly", "Guest", "CloudIntegrationUser",
             default="Standard", restricted=True, createable=False, updateable=False),
    picklist("TimeZoneSidKey", "Time Zone", "GMT", "Europe/Stockholm", "America/New_York", default="GMT"),
    picklist("LocaleSidKey", "Locale", "en_US", "en_GB", "sv_SE", default="en_US"),
    picklist("LanguageLocaleKey", "Language", "en_US", "sv", default="en_US"),
    picklist("EmailEncodingKey", "Email Encoding", "UTF-8", "ISO-8859-1", default="UTF-8"),
    lookup("ManagerId", "Manager ID", "User", children="ManagedUsers"),
    text("EmployeeNumber", "Employee Number", 20),
    text("FederationIdentifier", "SAML Federation ID", 512),
    instant("LastLoginDate", "Last Login", createable=False, updateable=False),
])  # fmt: skip

ORGANIZATION = make("Organization", "Organization", "Organizations", "00D", [
    text("Name", "Name", 80, required=True),
    text("Country", "Country", 80),
    picklist("LanguageLocaleKey", "Language", "en_US", default="en_US"),
    picklist("DefaultLocaleSidKey", "Locale", "en_US", default="en_US"),
    picklist("TimeZoneSidKey", "Time Zone", "GMT", default="GMT"),
    whole("FiscalYearStartMonth", "Fiscal Year Starts In", 9),
    text("NamespacePrefix", "Namespace Prefix", 15),
    text("InstanceName", "Instance Name", 20),
    flag("IsSandbox", "Is Sandbox", default=True),
    picklist("OrganizationType", "Edition", "Developer Edition", "Enterprise Edition"),
    text("PrimaryContact", "Primary Contact", 80),
    instant("TrialExpirationDate", "Trial Expiration Date"),
], editable=False)  # fmt: skip

_SETUP = (
    ORGANIZATION,
    make("RecordType", "Record Type", "Record Types", "012", [
        text("Name", "Name", 80, required=True),
        text("DeveloperName", "Record Type Name", 80, required=True),
        text("NamespacePrefix", "Namespace Prefix", 15),
        text("Description", "Description"),
        text("SobjectType", "SObject Type Name", 40, required=True, updateable=False),
        flag("IsActive", "Active", default=True),
    ]),
    make("Profile", "Profile", "Profile", "00e", [
        text("Name", "Name", required=True),
        text("UserType", "User Type"),
        text("Description", "Description"),
        flag("PermissionsModifyAllData", "Modify All Data"),
    ], editable=False),
    make("UserRole", "Role", "Role", "00E", [
        text("Name", "Name", 80, required=True),
        text("DeveloperName", "Developer Name", 80),
        lookup("ParentRoleId", "Parent Role ID", "UserRole"),
    ]),
    make("Group", "Group", "Group", "00G", [
        text("Name", "Name", 40, required=True),
        text("DeveloperName", "Developer Name", 80),
        picklist("Type", "Type", "Regular", "Queue", "Organization", restricted=True),
        email(),
    ]),
    make("PermissionSet", "Permission Set", "Permission Sets", "0PS", [
        text("Name", "Permission Set Name", 80, required=True, unique=True),
        text("Label", "Permission Set Label", 80, required=True),
        text("Description", "Description"),
        flag("IsOwnedByProfile", "Is Owned By Profile", createable=False, updateable=False),
        flag("IsCustom", "Is Custom", default=True, createable=False, updateable=False),
        lookup("ProfileId", "Profile ID", "Profile", createable=False, updateable=False),
        text("NamespacePrefix", "Namespace Prefix", 15),
        *(flag(f"Permissions{name}", name) for name in USER_PERMISSIONS),
    ]),
    make("PermissionSetAssignment", "Permission Set Assignment", "Permission Set Assignments", "0Pa", [
        lookup("PermissionSetId", "PermissionSet ID", "PermissionSet", children="Assignments",
               on_delete="cascade", required=True, updateable=False),
        lookup("AssigneeId", "Assignee ID", "User", children="PermissionSetAssignments", required=True,
               updateable=False),
    ]),
    make("FlowDefinitionView", "Flow Definition View", "Flow Definition Views", "3dd", [
        text("ApiName", "Flow API Name"),
        text("ActiveVersionId", "Active Version ID"),
        text("DurableId", "Durable ID"),
        text("Label", "Flow Label"),
        text("ProcessType", "Process Type"),
        text("TriggerType", "Trigger"),
        text("RecordTriggerType", "Record Trigger Type"),
        text("TriggerObjectOrEventId", "Object or Event ID"),
        text("TriggerObjectOrEventLabel", "Object or Event Label"),
        flag("IsActive", "Active"),
        text("NamespacePrefix", "Namespace Prefix", 15),
    ], editable=False),
    make("ApexTrigger", "Apex Trigger", "Apex Triggers", "01q", [
        text("Name", "Name"),
        text("TableEnumOrId", "sObject", 40),
        picklist("Status", "Status", "Inactive", "Active", "Deleted"),
        flag("IsValid", "Is Valid"),
        whole("ApiVersion", "Api Version"),
        *(flag(f"Usage{when}{what}", f"{what} {when}")
          for when in ("Before", "After") for what in ("Insert", "Update", "Delete")),
        text("NamespacePrefix", "Namespace Prefix", 15),
    ], editable=False),
    make("ScratchOrgInfo", "Scratch Org Info", "Scratch Org Infos", "2SR", [
        numbered("Name", "Number", "{00000000}"),
        text("ScratchOrg", "Scratch Organization ID", 15),
        text("SignupUsername", "Username", 80),
        picklist("Status", "Status", "New", "Deleted", "Active", "Error"),
        text("LoginUrl", "Login URL"),
        day("ExpirationDate", "Expiration Date"),
        owner(),
    ]),
    make("OpportunityStage", "Opportunity Stage", "Opportunity Stage", "01J", [
        text("MasterLabel", "Master Label"),
        text("ApiName", "API Name"),
        flag("IsActive", "Is Active", default=True),
        whole("SortOrder", "Sort Order", 9),
        flag("IsClosed", "Is Closed"),
        flag("IsWon", "Is Won"),
        picklist("ForecastCategoryName", "Forecast Category", "Omitted", "Pipeline", "Best Case", "Commit",
                 "Closed"),
        number("DefaultProbability", "Probability", 3),
    ], editable=False),
    *(make(name, label, label, prefix, [
        text("MasterLabel", "Master Label"),
        text("ApiName", "API Name"),
        whole("SortOrder", "Sort Order", 9),
        flag("IsDefault", "Is Default"),
        flag("IsClosed", "Is Closed"),
    ], editable=False) for name, label, prefix in (
        ("CaseStatus", "Case Status Value", "3fQ"),
        ("TaskStatus", "Task Status Value", "01Y"),
    )),
)  # fmt: skip

#: Parents before children. Where `permission_sets` defines an object too, the fuller definition here is taken.
STANDARD: Mapping[str, ObjectDef] = {
    **{definition.name: with_system_fields(definition) for definition in (*OBJECTS, NOTIFICATION_TYPE)},
    **{definition.name: definition for definition in (*SALES, LEAD, CASE, TASK, EVENT, USER, *_SETUP)},
}
