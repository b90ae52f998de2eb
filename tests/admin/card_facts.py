"""What the cards of two data sets may say, computed from the source files alone: none of our code has part in it.

A fact is a number as it is known of one account. `customers` are all that bought something, because ranks and
boundaries are about all of them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import duckdb

#: Share of customers below the boundary of high value and of high cost, in both models: `tiers: cuts`.
VALUE_CUT, COST_CUT = 0.6, 0.5


@dataclass(frozen=True)
class Customer:
    """One customer in the twelve months before the date scored for.

    Attributes:
        worth: what the value axis goes by: revenue or gross margin. `cost` to serve, by what it is spent on.
        numbers: everything else that is known of it and that a card may tell.
    """

    name: str
    worth: float
    cost: dict[str, float]
    numbers: frozenset[float]
    days: frozenset[date]

    @property
    def total(self) -> float:
        return sum(self.cost.values())

    @property
    def per_100(self) -> float:
        return 100 * self.total / self.worth if self.worth > 0 else math.inf


@dataclass(frozen=True)
class Facts:
    """All customers of a data set, by number where they have one (a name may stand twice), else by name.

    `constants` stand in the model file.
    """

    customers: dict[str, Customer]
    constants: frozenset[float] = field(default_factory=frozenset)

    def points(self, one: Customer) -> float:
        """Per cent of the customers with something to show that this one reaches."""
        positive = [each.worth for each in self.customers.values() if each.worth > 0]
        if one.worth <= 0:
            return 0.0
        # sums of floating numbers that are equal to the cent may differ in their last digits
        return 100 * sum(each <= one.worth + 0.001 for each in positive) / len(positive)


def crm_sales(folder: Path) -> Facts:
    """Won deals of 2017 are revenue; each deal costs the minutes of its kind at 1.20."""
    rows = duckdb.sql(
        f"""
        WITH deals AS (
            SELECT account, deal_stage AS stage, close_value AS amount,
                   try_strptime(close_date, '%m/%d/%Y')::DATE AS closed
            FROM read_csv('{folder}/sales_pipeline.csv', all_varchar = true)
        )
        SELECT a.account, a.employees::INT,
               coalesce(sum(amount::DOUBLE) FILTER (stage = 'Won' AND closed BETWEEN '2017-01-01' AND '2017-12-31'), 0),
               count(*) FILTER (stage = 'Won' AND closed BETWEEN '2017-01-01' AND '2017-12-31'),
               count(*) FILTER (stage = 'Lost' AND closed BETWEEN '2017-01-01' AND '2017-12-31'),
               count(*) FILTER (stage IN ('Engaging', 'Prospecting'))
        FROM read_csv('{folder}/accounts.csv', all_varchar = true) a LEFT JOIN deals d USING (account)
        GROUP BY ALL
        """
    ).fetchall()
    customers = {
        name: Customer(
            name, revenue, {"won": won * 240 * 1.2, "lost": lost * 180 * 1.2, "open": still * 90 * 1.2},
            frozenset({float(employees), won, lost, still}), frozenset({date(2018, 1, 1)}),
        )
        for name, employees, revenue, won, lost, still in rows
    }  # fmt: skip
    return Facts(customers, frozenset({1000.0, 5000.0}))


def adventureworks(folder: Path) -> Facts:
    """Gross margin of the orders from 30 November 2012 on; freight, and the order desk at 0.70 a minute."""
    sales, resellers = (f"'{folder}/{name}.parquet'" for name in ("FactResellerSales", "DimReseller"))
    rows = duckdb.sql(
        f"""
        WITH orders AS (
            SELECT ResellerKey, SalesOrderNumber, OrderDate::DATE AS ordered, count(*) AS lines,
                   sum(SalesAmount) AS amount, sum(SalesAmount - TotalProductCost) AS margin, sum(Freight) AS freight
            FROM {sales} GROUP BY ALL
        ), recent AS (SELECT * FROM orders WHERE ordered BETWEEN '2012-11-30' AND '2013-11-29'
        ), before AS (SELECT * FROM orders WHERE ordered BETWEEN '2011-11-30' AND '2012-11-29')
        SELECT r.ResellerKey::VARCHAR, r.ResellerName, r.NumberEmployees, r.AnnualSales::DOUBLE,
               (SELECT [coalesce(sum(margin), 0)::DOUBLE, coalesce(sum(freight), 0)::DOUBLE, count(*),
                        coalesce(sum(lines), 0), count(*) FILTER (amount < 500)]
                FROM recent o WHERE o.ResellerKey = r.ResellerKey),
               [coalesce((SELECT sum(amount)::DOUBLE FROM recent o WHERE o.ResellerKey = r.ResellerKey), 0),
                coalesce((SELECT sum(amount)::DOUBLE FROM before o WHERE o.ResellerKey = r.ResellerKey), 0)],
               (SELECT list(DISTINCT ordered ORDER BY ordered) FROM orders o WHERE o.ResellerKey = r.ResellerKey)
        FROM {resellers} r WHERE ResellerKey IN (SELECT ResellerKey FROM orders)
        """
    ).fetchall()
    customers = {}
    for key, name, employees, annual, (margin, freight, orders, lines, small), (now, then), days in rows:
        usual = round((days[-1] - days[0]).days / (len(days) - 1)) if len(days) > 1 else 0
        cost = {"freight": freight, "order": orders * 14.0, "line": lines * 1.4, "small": small * 10.5}
        fell = round(100 * (1 - now / then)) if then else 0
        known = {float(employees), annual, orders, lines, small, usual, fell}
        customers[key] = Customer(name, margin, cost, frozenset(known), frozenset({date(2013, 11, 30), days[-1]}))
    return Facts(customers, frozenset({20.0, 500_000.0, 1_000_000.0, 2_000_000.0}))
