"""The object types that a portal comes with, their pipelines and groups."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.sandbox.portal.schema import Group, ObjectType, Pipeline, Stage

# unverified: the scope for tasks, calls, meetings, notes and emails is that of contacts.
_ENGAGEMENT = "crm.objects.contacts"


def _engagement(name: str, singular: str, number: int, label: str, title: str, *defaults: str) -> ObjectType:
    return ObjectType(
        name, singular, f"0-{number}", label, f"{label}s", title, singular, ("hs_timestamp", *defaults), (title,),
        _ENGAGEMENT, created="hs_createdate", subscribed=False,
    )  # fmt: skip


OBJECT_TYPES: Mapping[str, ObjectType] = {
    each.name: each
    for each in (
        ObjectType(
            "companies", "company", "0-2", "Company", "Companies", "name", "companyinformation", ("name", "domain"),
            ("name", "domain", "website", "phone"), "crm.objects.companies",
        ),
        ObjectType(
            "contacts", "contact", "0-1", "Contact", "Contacts", "email", "contactinformation",
            ("firstname", "lastname", "email"), ("firstname", "lastname", "email", "phone", "company"),
            "crm.objects.contacts", modified="lastmodifieddate",
        ),
        ObjectType(
            "deals", "deal", "0-3", "Deal", "Deals", "dealname", "dealinformation",
            ("dealname", "amount", "closedate", "pipeline", "dealstage"), ("dealname", "pipeline", "dealstage"),
            "crm.objects.deals", stage="dealstage", pipeline="pipeline",
        ),
        ObjectType(
            "tickets", "ticket", "0-5", "Ticket", "Tickets", "subject", "ticketinformation",
            ("subject", "content", "hs_pipeline", "hs_pipeline_stage", "hs_ticket_category", "hs_ticket_priority"),
            ("subject", "content"), "tickets", stage="hs_pipeline_stage", pipeline="hs_pipeline",
        ),
        ObjectType(
            "products", "product", "0-7", "Product", "Products", "name", "productinformation",
            ("name", "description", "price"), ("name", "description", "hs_sku"), "crm.objects.products",
        ),
        ObjectType(
            "line_items", "line_item", "0-8", "Line item", "Line items", "name", "lineiteminformation",
            ("quantity", "amount", "price"), ("name", "description"), "crm.objects.line_items",
        ),
        _engagement("tasks", "task", 27, "Task", "hs_task_subject", "hs_task_subject", "hs_task_status"),
        _engagement("calls", "call", 48, "Call", "hs_call_title"),
        _engagement("meetings", "meeting", 47, "Meeting", "hs_meeting_title"),
        _engagement("notes", "note", 46, "Note", "hs_note_body"),
        _engagement("emails", "email", 49, "Email", "hs_email_subject"),
    )
}  # fmt: skip

_BY_NAME = {
    word.lower(): each
    for each in OBJECT_TYPES.values()
    for word in (each.name, each.singular, each.type_id, each.name.replace("_", ""), each.singular.replace("_", ""))
}


def object_type(word: str) -> ObjectType | None:
    """The type of that name, in the singular or plural and any case, or of that id; None if there is none."""
    return _BY_NAME.get(word.lower())


GROUPS: Mapping[str, Group] = {
    each.name: Group(each.group, f"{each.label} information") for each in OBJECT_TYPES.values()
}


def _stages(*stages: tuple[str, str, dict[str, str]]) -> tuple[Stage, ...]:
    return tuple(Stage(key, label, order, metadata) for order, (key, label, metadata) in enumerate(stages))


def _deal(probability: str, *, closed: bool = False) -> dict[str, str]:
    return {"probability": probability, "isClosed": "true" if closed else "false"}


def _ticket(state: str) -> dict[str, str]:
    return {"ticketState": state, "isClosed": "true" if state == "CLOSED" else "false"}


PIPELINES: Mapping[str, Pipeline] = {
    "deals": Pipeline(
        "default", "Sales Pipeline", 0,
        _stages(
            ("appointmentscheduled", "Appointment Scheduled", _deal("0.2")),
            ("qualifiedtobuy", "Qualified To Buy", _deal("0.4")),
            ("presentationscheduled", "Presentation Scheduled", _deal("0.6")),
            ("decisionmakerboughtin", "Decision Maker Bought-In", _deal("0.8")),
            ("contractsent", "Contract Sent", _deal("0.9")),
            ("closedwon", "Closed Won", _deal("1.0", closed=True)),
            ("closedlost", "Closed Lost", _deal("0.0", closed=True)),
        ),
    ),
    "tickets": Pipeline(
        "0", "Support Pipeline", 0,
        _stages(
            ("1", "New", _ticket("OPEN")), ("2", "Waiting on contact", _ticket("OPEN")),
            ("3", "Waiting on us", _ticket("OPEN")), ("4", "Closed", _ticket("CLOSED")),
        ),
    ),
}  # fmt: skip
