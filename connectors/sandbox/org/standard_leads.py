"""Leads: possible customers, before they are converted to an account, a contact and an opportunity."""

from __future__ import annotations

from connectors.sandbox.org.schema import ObjectDef
from connectors.sandbox.org.standard_fields import (
    address,
    area,
    day,
    email,
    flag,
    lookup,
    make,
    money,
    owner,
    phone,
    picklist,
    read_only,
    text,
    url,
    whole,
)

STATUSES = {
    "Open - Not Contacted": False,
    "Working - Contacted": False,
    "Closed - Converted": True,
    "Closed - Not Converted": False,
}

LEAD: ObjectDef = make("Lead", "Lead", "Leads", "00Q", [
    read_only(lookup("MasterRecordId", "Master Record ID", "Lead"), calculated=False),
    text("LastName", "Last Name", 80, required=True),
    text("FirstName", "First Name", 40),
    picklist("Salutation", "Salutation", "Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."),
    read_only(text("Name", "Full Name", 121)),
    text("Title", "Title", 128),
    text("Company", "Company", 255, required=True),
    *address("", ""),
    phone("Phone", "Phone"),
    phone("MobilePhone", "Mobile Phone"),
    email(),
    url("Website", "Website"),
    area("Description", "Description"),
    picklist("LeadSource", "Lead Source", "Web", "Phone Inquiry", "Partner Referral", "Purchased List", "Other"),
    picklist("Status", "Status", *STATUSES, default="Open - Not Contacted"),
    text("Industry", "Industry", 255),
    picklist("Rating", "Rating", "Hot", "Warm", "Cold"),
    money("AnnualRevenue", "Annual Revenue"),
    whole("NumberOfEmployees", "Employees"),
    owner("Group", "User"),
    read_only(flag("IsConverted", "Converted")),
    read_only(day("ConvertedDate", "Converted Date")),
    read_only(lookup("ConvertedAccountId", "Converted Account ID", "Account")),
    read_only(lookup("ConvertedContactId", "Converted Contact ID", "Contact")),
    read_only(lookup("ConvertedOpportunityId", "Converted Opportunity ID", "Opportunity")),
    flag("IsUnreadByOwner", "Unread By Owner"),
])  # fmt: skip
