"""Columns of the records that are read, kind by kind, and the types in which their values cross.

Money crosses as `decimal128(18, 4)`, dates as `date32`, instants as `timestamp("us", tz="UTC")`, everything else as
string, bool, int64 or float64. A missing value is null, and an empty string from a CRM is null too, so that a value is
equal whichever API it came through.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pyarrow as pa

MONEY = pa.decimal128(18, 4)
INSTANT = pa.timestamp("us", tz="UTC")
TEXT, FLAG, DAY, NUMBER, WHOLE = pa.string(), pa.bool_(), pa.date32(), pa.float64(), pa.int64()

Scalar = str | float | int | bool | date | None

#: Canonical columns per kind. `id` is the key everywhere; `modified_at` drives incremental reads.
COLUMNS: Mapping[str, Mapping[str, pa.DataType]] = {
    "account": {
        "id": TEXT, "name": TEXT, "owner_id": TEXT, "parent_id": TEXT, "type": TEXT, "industry": TEXT,
        "country": TEXT, "annual_revenue": MONEY, "employees": WHOLE, "currency": TEXT,
        "external_id": TEXT, "website": TEXT, "created_at": INSTANT, "modified_at": INSTANT, "modified_by_id": TEXT,
    },
    "user": {
        "id": TEXT, "name": TEXT, "email": TEXT, "is_active": FLAG, "manager_id": TEXT, "username": TEXT,
        "time_zone": TEXT, "modified_at": INSTANT,
    },
    "product": {
        "id": TEXT, "name": TEXT, "code": TEXT, "family": TEXT, "cost": MONEY, "is_active": FLAG,
        "modified_at": INSTANT,
    },
    "order": {
        "id": TEXT, "account_id": TEXT, "number": TEXT, "status": TEXT, "ordered_on": DAY, "amount": MONEY,
        "freight": MONEY, "is_expedited": FLAG, "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "order_line": {
        "id": TEXT, "order_id": TEXT, "product_id": TEXT, "quantity": NUMBER, "amount": MONEY, "cost": MONEY,
        "discount": MONEY, "freight": MONEY, "modified_at": INSTANT,
    },
    "opportunity": {
        "id": TEXT, "account_id": TEXT, "name": TEXT, "owner_id": TEXT, "stage": TEXT, "is_won": FLAG,
        "is_closed": FLAG, "amount": MONEY, "closes_on": DAY, "created_on": DAY, "product_name": TEXT,
        "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "ticket": {
        "id": TEXT, "account_id": TEXT, "priority": TEXT, "status": TEXT, "is_closed": FLAG,
        "opened_on": DAY, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "activity": {
        "id": TEXT, "account_id": TEXT, "activity_type": TEXT, "happened_on": DAY, "created_by_id": TEXT,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    "contract": {
        "id": TEXT, "account_id": TEXT, "status": TEXT, "starts_on": DAY, "ends_on": DAY,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    "invoice": {
        "id": TEXT, "account_id": TEXT, "issued_on": DAY, "due_on": DAY, "paid_on": DAY, "amount": MONEY,
        "is_disputed": FLAG, "currency": TEXT, "business_unit": TEXT, "modified_at": INSTANT,
    },
    "return": {
        "id": TEXT, "account_id": TEXT, "returned_on": DAY, "amount": MONEY, "currency": TEXT,
        "business_unit": TEXT, "modified_at": INSTANT,
    },
    # The ERP's customer master: its own id, and the account of the CRM that it belongs to.
    "customer": {
        "id": TEXT, "account_id": TEXT, "name": TEXT, "country": TEXT, "industry": TEXT, "currency": TEXT,
        "external_id": TEXT, "vat_id": TEXT, "is_blocked": FLAG, "modified_at": INSTANT,
    },
    # Units of a currency for one of the base; without a row that is_base, the base is the model's currency.
    "rate": {
        "id": TEXT, "currency": TEXT, "starts_on": DAY, "ends_on": DAY, "rate": NUMBER, "is_base": FLAG,
        "modified_at": INSTANT,
    },
    # Who works where, and which accounts belong there. They say who hears of something, and change no figure.
    "territory": {"id": TEXT, "name": TEXT, "state": TEXT, "modified_at": INSTANT},
    "territory_user": {
        "id": TEXT, "territory_id": TEXT, "user_id": TEXT, "role": TEXT, "is_active": FLAG, "modified_at": INSTANT,
    },
    "territory_account": {"id": TEXT, "territory_id": TEXT, "account_id": TEXT, "modified_at": INSTANT},
    "detail": {"id": TEXT, "account_id": TEXT, "key": TEXT, "modified_at": INSTANT},
}  # fmt: skip  # fmt: skip
