"""What the org itself fills in: names, closed flags, line totals, and sums on the parent.

A rule gets the row as it will be stored, after the client's values are in, and changes it in place.
"""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from connectors.sandbox.clock import instant_text, parse_instant
from connectors.sandbox.org import values
from connectors.sandbox.org.definitions import Definitions
from connectors.sandbox.org.records import Store, column, table
from connectors.sandbox.org.schema import ObjectDef

Stored = dict[str, Any]


@dataclass
class Context:
    """What rules may look at. Records read are kept for the length of one write."""

    store: Store
    definitions: Definitions
    now: str
    _seen: dict[str, Stored] = field(default_factory=dict)
    _statuses: dict[str, dict[str, Stored]] = field(default_factory=dict)

    def record(self, object_name: str, record_id: str | None) -> Stored:
        """Stored values of another record; empty if there is none."""
        if not record_id:
            return {}
        if record_id not in self._seen:
            found = self.store.fetch(self.definitions.get(object_name), [record_id])
            self._seen[record_id] = found.get(record_id, {})
        return self._seen[record_id]

    def owner_object(self, record_id: str) -> str:
        found = self.definitions.by_prefix(record_id[:3])
        return found.name if found else ""

    def status(self, object_name: str, value: str | None) -> Stored:
        """The row of a status object such as OpportunityStage for a picklist value; empty if unknown."""
        if object_name not in self._statuses:
            rows = self.store.all_rows(self.definitions.get(object_name))
            self._statuses[object_name] = {str(row["ApiName"]).lower(): row for row in rows}
        return self._statuses[object_name].get((value or "").lower(), {})

    def scale(self, object_name: str, field_name: str) -> int:
        return self.definitions.get(object_name).fields[field_name].scale


@dataclass
class Draft:
    """One row on its way. `given` are the fields this write names; `old` is empty for a new record."""

    row: Stored
    given: frozenset[str]
    old: Stored

    def changed(self, name: str) -> bool:
        return not self.old or self.row.get(name) != self.old.get(name)


def _person_name(draft: Draft, context: Context) -> None:
    parts = (draft.row.get("FirstName"), draft.row.get("LastName"))
    draft.row["Name"] = " ".join(part for part in parts if part) or None


def _opportunity(draft: Draft, context: Context) -> None:
    row = draft.row
    stage = context.status("OpportunityStage", row.get("StageName"))
    row["IsClosed"], row["IsWon"] = stage.get("IsClosed", 0), stage.get("IsWon", 0)
    if draft.changed("StageName") and stage:
        if "Probability" not in draft.given:
            row["Probability"] = stage["DefaultProbability"]
        if "ForecastCategoryName" not in draft.given:
            row["ForecastCategoryName"] = stage["ForecastCategoryName"]
    category = row.get("ForecastCategoryName")
    row["ForecastCategory"] = {"Best Case": "BestCase", "Commit": "Forecast"}.get(category or "", category)
    amount, chance = row.get("Amount"), row.get("Probability")
    row["ExpectedRevenue"] = None if amount is None or chance is None else values.round_half_up(amount * chance, 100)
    closes = row.get("CloseDate")
    row["FiscalYear"] = int(closes[:4]) if closes else None
    row["FiscalQuarter"] = (int(closes[5:7]) + 2) // 3 if closes else None
    row["HasOpportunityLineItem"] = row.get("HasOpportunityLineItem") or 0


def _line(object_name: str) -> Callable[[Draft, Context], None]:
    def derive(draft: Draft, context: Context) -> None:
        row = draft.row
        entry = context.record("PricebookEntry", row.get("PricebookEntryId"))
        if entry:
            row["Product2Id"] = row.get("Product2Id") or entry["Product2Id"]
            shift = context.scale(object_name, "ListPrice") - context.scale("PricebookEntry", "UnitPrice")
            price = entry["UnitPrice"]
            row["ListPrice"] = None if price is None else values.times(price, 1, -shift)
        if row.get("UnitPrice") is None:
            shift = context.scale(object_name, "UnitPrice") - context.scale(object_name, "ListPrice")
            price = row.get("ListPrice")
            row["UnitPrice"] = None if price is None else values.times(price, 1, -shift)
        row["TotalPrice"] = _total(object_name, row, context)
        if "CurrencyIsoCode" in context.definitions.get(object_name).fields:
            parent, lookup, *_ = _SUMS[object_name]
            row["CurrencyIsoCode"] = context.record(parent, row.get(lookup)).get("CurrencyIsoCode")

    return derive


def _total(object_name: str, row: Stored, context: Context) -> int | None:
    quantity, price = row.get("Quantity"), row.get("UnitPrice")
    if quantity is None or price is None:
        return None
    decimals = context.scale(object_name, "Quantity") + context.scale(object_name, "UnitPrice")
    return values.times(quantity, price, decimals - context.scale(object_name, "TotalPrice"))


def _opportunity_line(draft: Draft, context: Context) -> None:
    _line("OpportunityLineItem")(draft, context)
    product = context.record("Product2", draft.row.get("Product2Id"))
    deal = context.record("Opportunity", draft.row.get("OpportunityId"))
    draft.row["ProductCode"] = product.get("ProductCode")
    draft.row["Name"] = f"{deal.get('Name') or ''} {product.get('Name') or ''}".strip() or None


def _price(draft: Draft, context: Context) -> None:
    product = context.record("Product2", draft.row.get("Product2Id"))
    draft.row["Name"], draft.row["ProductCode"] = product.get("Name"), product.get("ProductCode")


def _order(draft: Draft, context: Context) -> None:
    row = draft.row
    # unverified: only the status "Draft" counts as a draft order or contract; custom statuses have other categories.
    row["StatusCode"] = "Draft" if (row.get("Status") or "").lower() == "draft" else "Activated"
    if row["StatusCode"] == "Activated" and not row.get("ActivatedDate"):
        row["ActivatedDate"] = context.now
    if not draft.old:
        row["TotalAmount"] = 0


def _contract(draft: Draft, context: Context) -> None:
    row = draft.row
    codes = {"activated": "Activated", "in approval process": "InApproval"}
    row["StatusCode"] = codes.get((row.get("Status") or "").lower(), "Draft")
    starts, months = row.get("StartDate"), row.get("ContractTerm")
    if starts and months and "EndDate" not in draft.given:
        row["EndDate"] = (_add_months(date.fromisoformat(starts), months) - timedelta(days=1)).isoformat()


def _add_months(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _case(draft: Draft, context: Context) -> None:
    row = draft.row
    row["IsClosed"] = context.status("CaseStatus", row.get("Status")).get("IsClosed", 0)
    if not row["IsClosed"]:
        row["ClosedDate"] = None
    elif not row.get("ClosedDate"):
        row["ClosedDate"] = context.now
    if row.get("ContactId") and not row.get("AccountId"):
        row["AccountId"] = context.record("Contact", row["ContactId"]).get("AccountId")


def _activity_account(row: Stored, context: Context) -> str | None:
    """The account an activity counts for: what it is related to, else the account of its contact."""
    what = row.get("WhatId")
    if what:
        kind = context.owner_object(what)
        found = what if kind == "Account" else context.record(kind, what).get("AccountId") if kind else None
        if found:
            return str(found)
    return context.record("Contact", row.get("WhoId")).get("AccountId")


def _task(draft: Draft, context: Context) -> None:
    row = draft.row
    row["AccountId"] = _activity_account(row, context)
    row["IsClosed"] = context.status("TaskStatus", row.get("Status")).get("IsClosed", 0)
    row["IsHighPriority"] = int((row.get("Priority") or "").lower() == "high")
    if not row["IsClosed"]:
        row["CompletedDateTime"] = None
    elif not row.get("CompletedDateTime"):
        row["CompletedDateTime"] = context.now


def _event(draft: Draft, context: Context) -> None:
    row = draft.row
    row["AccountId"] = _activity_account(row, context)
    starts = row.get("ActivityDateTime" if "ActivityDateTime" in draft.given else "StartDateTime")
    starts = starts or row.get("ActivityDateTime")
    if starts:
        row["StartDateTime"] = row["ActivityDateTime"] = starts
        row["ActivityDate"] = starts[:10]
        _event_end(draft, starts)


def _event_end(draft: Draft, starts: str) -> None:
    row, first = draft.row, parse_instant(starts)
    last = parse_instant(row.get("EndDateTime") or "")
    minutes = row.get("DurationInMinutes")
    if first and minutes is not None and ("DurationInMinutes" in draft.given or not last):
        row["EndDateTime"] = instant_text(first + timedelta(minutes=minutes))
    elif first and last:
        row["DurationInMinutes"] = int((last - first).total_seconds() // 60)


RULES: dict[str, Callable[[Draft, Context], None]] = {
    "Contact": _person_name,
    "Lead": _person_name,
    "User": _person_name,
    "Opportunity": _opportunity,
    "OpportunityLineItem": _opportunity_line,
    "PricebookEntry": _price,
    "Order": _order,
    "OrderItem": _line("OrderItem"),
    "Contract": _contract,
    "Case": _case,
    "Task": _task,
    "Event": _event,
}

#: child object -> (parent object, lookup, summed field, field on the parent, flag on the parent)
_SUMS = {
    "OrderItem": ("Order", "OrderId", "TotalPrice", "TotalAmount", ""),
    "OpportunityLineItem": ("Opportunity", "OpportunityId", "TotalPrice", "Amount", "HasOpportunityLineItem"),
}


def parents_of(definition: ObjectDef, rows: Iterable[Stored]) -> set[str]:
    """Ids of parents whose sums these rows touch."""
    if definition.name not in _SUMS:
        return set()
    lookup = _SUMS[definition.name][1]
    return {row[lookup] for row in rows if row.get(lookup)}


def sum_up(definition: ObjectDef, parent_ids: set[str], context: Context) -> None:
    """Recomputes the sums on the parents and moves their SystemModstamp, but not LastModifiedDate."""
    if not parent_ids:
        return
    parent_name, lookup, summed, total, flag = _SUMS[definition.name]
    parent = context.definitions.get(parent_name)
    surplus = context.scale(definition.name, summed) - context.scale(parent_name, total)
    child = f"{table(definition.name)} c WHERE c.{column(lookup)} = ? AND c.IsDeleted = 0"
    changes = []
    for parent_id in sorted(parent_ids):
        amount, lines = (
            context.store.reader()
            .execute(f"SELECT SUM(c.{column(summed)}), COUNT(*) FROM {child}", (parent_id,))
            .fetchone()
        )
        change = {total: values.times(amount or 0, 1, surplus), "SystemModstamp": context.now}
        changes.append((parent_id, {**change, flag: int(lines > 0)} if flag else change))
    context.store.update_rows(parent, changes)
