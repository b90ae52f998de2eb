"""What accounts bought: sums over their orders and lines, how broad it is, and what they mainly buy."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import ibis
import pandas as pd

from scoring import currency
from scoring.model.shape import Model
from scoring.money import SCALE
from scoring.periods import months_before
from scoring.records import Table, count, lower, quarters, table, total


def orders(tables: Mapping[str, Table], model: Model, starts: tuple[date, date], as_of: date) -> Table:
    """Per account: sums over its orders. `starts`: first days of the window before the window, and of the window."""
    orders = _per_order(tables, model).filter(lambda t: t.ordered_on < ibis.literal(as_of))
    earlier, start = (ibis.literal(day) for day in starts)
    window = orders.ordered_on >= start
    from_lines = model.value.revenue_from == "order_lines"
    revenue = orders.lines_amount if from_lines else orders.amount
    small = model.cost_to_serve.activities.small_order
    below = round(small.below * SCALE) if small else None
    is_small = ibis.literal(False) if below is None else orders.size < below
    return orders.group_by(part_account=orders.account_id).aggregate(
        orders=count(window),
        order_lines=total(orders.lines, window),
        small_orders=count(window & is_small),
        expedited_orders=count(window & orders.is_expedited),
        freight=total(orders.freight, window),
        discount=total(orders.discount, window),
        order_revenue=total(revenue, window),
        order_revenue_before=total(revenue, ~window & (orders.ordered_on >= earlier)),
        order_quarters=quarters(orders.ordered_on, as_of, ibis.literal(True)),
        revenue_cost_known=total(orders.amount_cost_known, window),
        product_cost=total(orders.product_cost, window),
        unrated_orders=orders.unrated.min(where=orders.ordered_on >= earlier),
        orders_ever=count(orders.account_id.notnull()),
        order_days_ever=orders.ordered_on.nunique().cast("int64"),
        first_order_on=orders.ordered_on.min(),
        last_order_on=orders.ordered_on.max(),
    )


def _per_order(tables: Mapping[str, Table], model: Model) -> Table:
    """One row per order that counts, with the sums of its lines.

    Freight stands on the order or on its lines: the order's is taken where it is given. Lines are in the currency of
    their order, and it is their sums that are converted; standard costs of products are in the model's currency.
    """
    order, lines = _counted(tables, model), _lines(tables)
    joined = order.left_join(lines, order.id == lines.line_order)
    names = ("lines_amount", "amount_cost_known", "lines_cost", "discount", "lines_freight")
    sums = {name: currency.times(joined[name], joined.worth, joined.unrated) for name in names}
    return joined.select(
        account_id=joined.account_id,
        ordered_on=joined.ordered_on,
        unrated=joined.unrated,
        is_expedited=joined.is_expedited.fill_null(False),
        amount=joined.amount.fill_null(0),
        size=ibis.coalesce(sums["lines_amount"], joined.amount, 0),
        lines=joined.lines.fill_null(0),
        lines_amount=sums["lines_amount"].fill_null(0),
        amount_cost_known=sums["amount_cost_known"].fill_null(0),
        product_cost=sums["lines_cost"].fill_null(0) + joined.standard_cost.fill_null(0),
        discount=sums["discount"].fill_null(0),
        freight=ibis.coalesce(joined.freight, sums["lines_freight"], 0),
    )


def _counted(tables: Mapping[str, Table], model: Model) -> Table:
    """The orders that count: of an account, and in no excluded status."""
    columns = {"id": "string", "account_id": "string", "status": "string", "ordered_on": "date"}
    columns |= {"amount": "int64", "freight": "int64", "is_expedited": "boolean"}
    columns |= {"worth": "float64", "unrated": "string"}
    order = table(tables, "order", columns)
    excluded = [status.strip().lower() for status in model.value.excluded_order_statuses]
    if excluded:
        order = order.filter(~lower(order.status).isin(excluded))
    return order.filter(order.account_id.notnull())


def _lines(tables: Mapping[str, Table]) -> Table:
    """Per order: sums over its lines. A line without a cost of its own takes product cost times quantity."""
    columns = {"order_id": "string", "product_id": "string", "quantity": "float64"}
    columns |= {"amount": "int64", "cost": "int64", "discount": "int64", "freight": "int64"}
    line = table(tables, "order_line", columns)
    product = table(tables, "product", {"id": "string", "cost": "int64"})
    product = product.select(product_key=product.id, standard_cost=product.cost)
    priced = line.left_join(product, line.product_id == product.product_key)
    standard = currency.whole(priced.standard_cost * priced.quantity)
    priced = priced.mutate(by_list=standard)
    known = priced.cost.notnull() | priced.by_list.notnull()
    return priced.group_by(line_order=priced.order_id).aggregate(
        lines=count(priced.order_id.notnull()),
        lines_amount=total(priced.amount, None),
        amount_cost_known=total(priced.amount, known),
        lines_cost=total(priced.cost, None),
        standard_cost=total(priced.by_list, priced.cost.isnull()),
        discount=total(priced.discount, None),
        lines_freight=total(priced.freight, None),
    )


def families(tables: Mapping[str, Table], model: Model, start: date, as_of: date) -> Table:
    """Per account: product families (a product without one stands for itself) bought in the window.

    Only where the model looks at loyalty: it is the one figure that needs every line with its product.
    """
    if "loyalty" not in model.components_used():
        return table({"account": tables["account"]}, "none", {"part_account": "string", "product_families": "int64"})
    order = _counted(tables, model).filter(
        lambda t: (t.ordered_on < ibis.literal(as_of)) & (t.ordered_on >= ibis.literal(start))
    )
    line = table(tables, "order_line", {"order_id": "string", "product_id": "string"})
    product = table(tables, "product", {"id": "string", "family": "string"})
    product = product.select(product_key=product.id, product_family=product.family)
    order = order.select(order_key=order.id, buyer=order.account_id)
    bought = line.inner_join(order, line.order_id == order.order_key)
    named = bought.left_join(product, bought.product_id == product.product_key)
    family = ibis.coalesce(named.product_family, named.product_id)
    return named.group_by(part_account=named.buyer).aggregate(product_families=family.nunique().cast("int64"))


def main_families(tables: Mapping[str, Table], model: Model, as_of: date, rates: pd.DataFrame | None = None) -> Table:
    """Columns account_id and main_product_family: the family over half of the amount in the window was spent on.

    Accounts without such a family are left out. Credits lower what was spent on their own family, to nothing at least.
    Amounts that no rate converts count as nothing. `rates` as for `build`.
    """
    tables = currency.converted(tables, model, as_of, rates)
    start = ibis.literal(months_before(as_of, model.value.windows.months))
    order = _counted(tables, model).filter(lambda t: (t.ordered_on < ibis.literal(as_of)) & (t.ordered_on >= start))
    order = order.select(order_key=order.id, buyer=order.account_id, worth=order.worth, unrated=order.unrated)
    line = table(tables, "order_line", {"order_id": "string", "product_id": "string", "amount": "int64"})
    product = table(tables, "product", {"id": "string", "family": "string"})
    product = product.select(product_key=product.id, product_family=product.family)
    bought = line.inner_join(order, line.order_id == order.order_key)
    named = bought.inner_join(product, bought.product_id == product.product_key)
    spent = named.group_by(account_id=named.buyer, main_product_family=named.product_family).aggregate(
        spent=total(currency.times(named.amount, named.worth, named.unrated), None)
    )
    spent = spent.filter(spent.spent > 0)
    whole = spent.group_by("account_id").aggregate(whole=total(spent.spent, None)).rename(buyer="account_id")
    main = spent.inner_join(whole, spent.account_id == whole.buyer)
    main = main.filter(main.main_product_family.notnull() & (2 * main.spent > main.whole))
    return main.select("account_id", "main_product_family")
