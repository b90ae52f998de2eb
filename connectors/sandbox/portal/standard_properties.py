"""The properties that each object type of a portal comes with: those that integrations use most."""

from __future__ import annotations

from dataclasses import replace

from connectors.sandbox.portal.schema import ObjectType, Option, Property


def _text(name: str, label: str, field_type: str = "text") -> Property:
    return Property(name, label, "string", field_type)


def _number(name: str, label: str) -> Property:
    return Property(name, label, "number", "number")


def _date(name: str, label: str) -> Property:
    return Property(name, label, "date", "date")


def _instant(name: str, label: str) -> Property:
    return Property(name, label, "datetime", "date")


def _choice(name: str, label: str, *values: str, field_type: str = "select") -> Property:
    options = tuple(
        Option(value, value.replace("_", " ").capitalize(), order=order) for order, value in enumerate(values)
    )
    return Property(name, label, "enumeration", field_type, options=options, open_options=True)


def _flag(name: str, label: str) -> Property:
    options = (Option("true", "True", order=0), Option("false", "False", order=1))
    return Property(name, label, "bool", "booleancheckbox", options=options)


def _elsewhere(name: str, label: str) -> Property:
    return Property(name, label, "enumeration", "select", external=True)


def _kept(prop: Property, *, calculated: bool = False) -> Property:
    """Kept by the portal: read only."""
    return replace(prop, read_only=True, calculated=calculated)


# unverified: the options of the standard enumerations; of "industry" these are some of about 150.
_INDUSTRIES = (
    "ACCOUNTING", "AUTOMOTIVE", "BANKING", "CHEMICALS", "COMPUTER_SOFTWARE", "CONSTRUCTION", "EDUCATION_MANAGEMENT",
    "ELECTRICAL_ELECTRONIC_MANUFACTURING", "FOOD_PRODUCTION", "HOSPITAL_HEALTH_CARE", "INDUSTRIAL_AUTOMATION",
    "INFORMATION_TECHNOLOGY_AND_SERVICES", "LOGISTICS_AND_SUPPLY_CHAIN", "MACHINERY", "MARITIME", "MINING_METALS",
    "OIL_ENERGY", "PAPER_FOREST_PRODUCTS", "PHARMACEUTICALS", "RENEWABLES_ENVIRONMENT", "RETAIL", "TELECOMMUNICATIONS",
    "TRANSPORTATION_TRUCKING_RAILROAD", "UTILITIES", "WHOLESALE",
)  # fmt: skip
_LIFECYCLE = (
    "subscriber", "lead", "marketingqualifiedlead", "salesqualifiedlead", "opportunity", "customer", "evangelist",
    "other",
)  # fmt: skip

#: What follows from the activities of a record.
_TOUCHES = (
    _kept(_instant("notes_last_contacted", "Last Contacted"), calculated=True),
    _kept(_instant("notes_last_updated", "Last Activity Date"), calculated=True),
    _kept(_number("num_contacted_notes", "Number of times contacted"), calculated=True),
    _kept(_number("num_notes", "Number of Sales Activities"), calculated=True),
)

_OWN: dict[str, tuple[Property, ...]] = {
    "companies": (
        _text("name", "Company name"), _text("domain", "Company Domain Name"), _text("website", "Website URL"),
        _text("phone", "Phone Number", "phonenumber"), _text("address", "Street Address"), _text("city", "City"),
        _text("state", "State/Region"), _text("zip", "Postal Code"), _text("country", "Country/Region"),
        _choice("industry", "Industry", *_INDUSTRIES),
        _choice("type", "Type", "PROSPECT", "PARTNER", "RESELLER", "VENDOR", "OTHER"),
        _choice("lifecyclestage", "Lifecycle Stage", *_LIFECYCLE, field_type="radio"),
        _number("annualrevenue", "Annual Revenue"), _number("numberofemployees", "Number of Employees"),
        _text("description", "Description", "textarea"), _text("about_us", "About Us", "textarea"),
        _text("timezone", "Time Zone"), _text("founded_year", "Year Founded"),
        _kept(_number("hs_parent_company_id", "Parent Company")),
        _kept(_number("num_associated_contacts", "Number of Associated Contacts"), calculated=True),
        _kept(_number("num_associated_deals", "Number of Associated Deals"), calculated=True),
        _kept(_number("hs_num_child_companies", "Number of child companies"), calculated=True),
        *_TOUCHES,
    ),
    "contacts": (
        _text("firstname", "First Name"), _text("lastname", "Last Name"),
        replace(_text("email", "Email"), unique=True), _text("phone", "Phone Number", "phonenumber"),
        _text("jobtitle", "Job Title"), _text("company", "Company Name"), _text("city", "City"),
        _text("country", "Country/Region"),
        _choice("lifecyclestage", "Lifecycle Stage", *_LIFECYCLE, field_type="radio"),
        _kept(_number("associatedcompanyid", "Primary Associated Company ID")),
        _kept(_number("num_associated_deals", "Number of Associated Deals"), calculated=True),
        *_TOUCHES,
    ),
    "deals": (
        _text("dealname", "Deal Name"), _number("amount", "Amount"), _instant("closedate", "Close Date"),
        _elsewhere("pipeline", "Pipeline"), _elsewhere("dealstage", "Deal Stage"),
        _choice("dealtype", "Deal Type", "newbusiness", "existingbusiness"),
        _choice("deal_currency_code", "Currency", "EUR", "GBP", "USD"),
        _text("description", "Deal Description", "textarea"),
        _text("closed_won_reason", "Closed Won Reason", "textarea"),
        _text("closed_lost_reason", "Closed Lost Reason", "textarea"),
        _kept(_flag("hs_is_closed", "Is Deal Closed?"), calculated=True),
        _kept(_flag("hs_is_closed_won", "Is Closed Won"), calculated=True),
        _kept(_number("hs_deal_stage_probability", "Deal Probability"), calculated=True),
        _kept(_number("hs_primary_associated_company", "Primary Associated Company")),
        _kept(_number("num_associated_contacts", "Number of Associated Contacts"), calculated=True),
        *_TOUCHES,
    ),
    "tickets": (
        _text("subject", "Ticket name"), _text("content", "Ticket description", "textarea"),
        _elsewhere("hs_pipeline", "Pipeline"), _elsewhere("hs_pipeline_stage", "Ticket status"),
        _choice("hs_ticket_priority", "Priority", "LOW", "MEDIUM", "HIGH", "URGENT"),
        _choice(
            "hs_ticket_category", "Category", "PRODUCT_ISSUE", "BILLING_ISSUE", "FEATURE_REQUEST", "GENERAL_INQUIRY",
            field_type="checkbox",
        ),
        _choice("source_type", "Source", "CHAT", "EMAIL", "FORM", "PHONE"),
        _instant("closed_date", "Close date"), _text("hs_resolution", "Resolution"),
    ),
    "products": (
        _text("name", "Name"), _text("description", "Product Description", "textarea"), _number("price", "Unit price"),
        _text("hs_sku", "SKU"), _number("hs_cost_of_goods_sold", "Unit cost"),
        _choice("hs_product_type", "Product Type", "inventory", "non_inventory", "service"),
        _text("hs_folder_name", "Folder Name"),
    ),
    "line_items": (
        _text("name", "Name"), _text("description", "Description", "textarea"), _text("hs_sku", "SKU"),
        _number("hs_product_id", "Product ID"), _number("quantity", "Quantity"), _number("price", "Unit price"),
        _number("discount", "Unit discount"), _number("hs_discount_percentage", "Discount percentage"),
        _number("hs_cost_of_goods_sold", "Unit cost"), _text("hs_line_item_currency_code", "Currency"),
        _kept(_number("amount", "Net price"), calculated=True),
    ),
    "tasks": (
        _text("hs_task_subject", "Task Title"), _text("hs_task_body", "Task Notes", "html"),
        _choice("hs_task_status", "Task Status", "NOT_STARTED", "IN_PROGRESS", "WAITING", "COMPLETED", "DEFERRED"),
        _choice("hs_task_priority", "Priority", "NONE", "LOW", "MEDIUM", "HIGH"),
        _choice("hs_task_type", "Task Type", "TODO", "CALL", "EMAIL"),
    ),
    "calls": (
        _text("hs_call_title", "Call Title"), _text("hs_call_body", "Call notes", "html"),
        _number("hs_call_duration", "Call duration"), _choice("hs_call_direction", "Direction", "INBOUND", "OUTBOUND"),
        _choice("hs_call_status", "Call status", "COMPLETED", "BUSY", "CANCELED", "FAILED", "NO_ANSWER", "QUEUED"),
    ),
    "meetings": (
        _text("hs_meeting_title", "Meeting name"), _text("hs_meeting_body", "Meeting description", "html"),
        _instant("hs_meeting_start_time", "Meeting start time"), _instant("hs_meeting_end_time", "Meeting end time"),
        _choice(
            "hs_meeting_outcome", "Meeting outcome", "SCHEDULED", "COMPLETED", "RESCHEDULED", "NO_SHOW", "CANCELED"
        ),
    ),
    "notes": (_text("hs_note_body", "Note body", "html"),),
    "emails": (
        _text("hs_email_subject", "Email subject"), _text("hs_email_text", "Email body", "textarea"),
        _choice("hs_email_direction", "Email direction", "EMAIL", "INCOMING_EMAIL", "FORWARDED_EMAIL"),
        _choice("hs_email_status", "Email send status", "BOUNCED", "FAILED", "SCHEDULED", "SENDING", "SENT"),
    ),
}  # fmt: skip

_ENGAGEMENTS = frozenset({"tasks", "calls", "meetings", "notes", "emails"})
#: Types whose creation date clients may give.
# unverified: the creation date may be set over the API on deals and tickets, and on nothing else.
_DATED = frozenset({"deals", "tickets"})


def _common(kind: ObjectType) -> tuple[Property, ...]:
    created = _instant(kind.created, "Create Date")
    return (
        _kept(_number("hs_object_id", "Record ID")),
        created if kind.name in _DATED else _kept(created),
        _kept(_instant(kind.modified, "Last Modified Date")),
        _elsewhere("hubspot_owner_id", "Owner"),
        _kept(_text("hs_merged_object_ids", "Merged record IDs")),
        _kept(_text("hs_object_source", "Record source")),
        _kept(_text("hs_object_source_id", "Record source ID")),
        _kept(_number("hs_created_by_user_id", "Created by user ID")),
        _kept(_number("hs_updated_by_user_id", "Updated by user ID")),
        *((_instant("hs_timestamp", "Activity date"),) if kind.name in _ENGAGEMENTS else ()),
    )


def properties_of(kind: ObjectType) -> dict[str, Property]:
    """All of them by name."""
    listed = (*_OWN[kind.name], *_common(kind))
    return {each.name: replace(each, group=kind.group, hubspot=True) for each in listed}
