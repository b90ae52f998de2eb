"""An org with several currencies: what switching them on adds, and the rates.

Every object gets `CurrencyIsoCode`, and `CurrencyType` says what a unit of the corporate currency buys of each. With
dated rates there is `DatedConversionRate` too. As in Salesforce, there is no way back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from connectors.sandbox.org.schema import FieldDef, ObjectDef, entries
from connectors.sandbox.org.standard_fields import day, flag, make, number, picklist, whole

if TYPE_CHECKING:
    from connectors.sandbox.org.definitions import Definitions
    from connectors.sandbox.org.org import Org

CURRENCY_TYPE, DATED_RATE, FIELD = "CurrencyType", "DatedConversionRate", "CurrencyIsoCode"
_SINGLE, _USUAL = "currency", "EUR"
#: Set-up objects without a currency of their own.
_WITHOUT = frozenset(
    {CURRENCY_TYPE, DATED_RATE, "Organization", "Profile", "UserRole", "Group", "RecordType", "PermissionSet"}
    | {"PermissionSetAssignment", "FlowDefinitionView", "ApexTrigger", "ScratchOrgInfo", "OpportunityStage"}
    | {"CaseStatus", "TaskStatus"}
)
#: Lines are in the currency of the record they belong to.
_OF_PARENT = frozenset({"OrderItem", "OpportunityLineItem"})


def single(org: Org) -> str:
    """The currency of an org that has one, as its company information says it."""
    return str(org.setting(_SINGLE) or _USUAL)


def count_in(org: Org, code: str) -> None:
    """Changes what the org's one currency is; amounts stay the numbers they are."""
    org.store.set_setting(_SINGLE, code)


def enable(
    org: Org,
    corporate: str,
    rates: Mapping[str, float],
    dated: Mapping[str, Mapping[date, float]] | None = None,
) -> None:
    """Switches currencies on. Records that exist are in the corporate currency.

    Args:
        rates: units of each other currency for one of the corporate currency.
        dated: per currency, rates by their first day; given, even empty, the org has dated rates.
    """
    codes = (corporate, *sorted(set(rates) - {corporate}))
    with org.store.writing():
        org.definitions.add([_currency_type(codes), *([] if dated is None else [_dated_rate(codes)])])
        for definition in list(org.definitions.objects.values()):
            if definition.name not in _WITHOUT:
                org.definitions.save_field(definition.name, field_of(definition, codes))
                org.store.fill(definition, FIELD, corporate)
        org.bulk_load(
            CURRENCY_TYPE,
            [
                {"IsoCode": code, "ConversionRate": rates.get(code, 1), "DecimalPlaces": 2, "IsActive": True,
                 "IsCorporate": code == corporate}
                for code in codes
            ],
        )  # fmt: skip
        org.bulk_load(DATED_RATE, _dated_rows(dated)) if dated else []


def _dated_rows(dated: Mapping[str, Mapping[date, float]]) -> list[dict[str, Any]]:
    """Each rate until the next one of its currency starts."""
    rows: list[dict[str, Any]] = []
    for code, by_day in dated.items():
        starts = sorted(by_day)
        for start, following in zip(starts, [*starts[1:], None], strict=True):
            row = {"IsoCode": code, "StartDate": start, "ConversionRate": by_day[start]}
            rows.append(row if following is None else {**row, "NextStartDate": following})
    return rows


def held(definitions: Definitions) -> tuple[str, ...]:
    """The codes of the org's currencies, the corporate one first; empty in an org with one currency."""
    found = definitions.find(CURRENCY_TYPE)
    return () if found is None else tuple(entry.value for entry in found.fields["IsoCode"].values)


def field_of(definition: ObjectDef, codes: tuple[str, ...]) -> FieldDef:
    """The field that says in which currency a record of this object is."""
    own = definition.name not in _OF_PARENT
    # unverified: a new record is in the corporate currency; Salesforce takes that of the user who creates it.
    # unverified: lines take the currency of their record and cannot be given another.
    return FieldDef(
        FIELD, "Currency ISO Code", "picklist", length=255, values=entries(*codes, default=codes[0]), restricted=True,
        default=codes[0], createable=own, updateable=own, calculated=not own,
    )  # fmt: skip


def _currency_type(codes: tuple[str, ...]) -> ObjectDef:
    # unverified: the prefixes of the ids.
    definition = make(CURRENCY_TYPE, "Currency Type", "Currency Types", "01L", [
        picklist("IsoCode", "Currency ISO Code", *codes, required=True, restricted=True, updateable=False),
        number("ConversionRate", "Conversion Rate", 18, 6, required=True),
        whole("DecimalPlaces", "Decimal Places", 9, required=True),
        flag("IsActive", "Active"),
        flag("IsCorporate", "Corporate Currency"),
    ])  # fmt: skip
    return replace(definition, deletable=False)


def _dated_rate(codes: tuple[str, ...]) -> ObjectDef:
    return make(DATED_RATE, "Dated Conversion Rate", "Dated Conversion Rates", "04w", [
        picklist("IsoCode", "Currency ISO Code", *codes, required=True, restricted=True, updateable=False),
        day("StartDate", "Date", updateable=False),
        day("NextStartDate", "Next Start Date", createable=False, updateable=False),
        number("ConversionRate", "Exchange Rate", 18, 6, required=True),
    ])  # fmt: skip
