"""`tierline parity`: whether two CRMs say the same about the companies that are in both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin.cli.acting import Json, Portfolio
from admin.cli.output import out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.matching.parity import Parity


def parity(portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Compare the two records of every company in both CRMs: values, who edited them and when, who is in one only."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.matching import parity as parities

        chosen = portfolios.choose(portfolio)
        told = parities.report(chosen)
        if as_json:
            print_json(as_dict(told) if told else {"companies": 0})
        elif told is None:
            out.print("This portfolio has one CRM. Add the other: tierline connection add NAME --help")
        else:
            show(told)


def as_dict(told: Parity) -> dict[str, Any]:
    """The report as plain values; sides go by the names of the connections."""
    names = told.first.name, told.second.name
    return {
        "agrees": told.agrees,
        "companies": told.companies,
        "proposed": told.proposed,
        "values": {
            key: {
                "same": line.same,
                "different": line.different,
                f"only in {names[0]}": line.first_only,
                f"only in {names[1]}": line.second_only,
            }
            for key, line in told.lines.items()
        },
        "differences": [
            {
                "company": row.match.first_name,
                "match": row.match.pk,
                "value": row.key,
                "to decide": row.asked,
                **{
                    name: {"value": value or None, "edited": edited, "record": record, "url": url}
                    for name, value, edited, (_, record), url in zip(
                        names, row.values, row.edits, row.match.records, row.urls, strict=True
                    )
                },
            }
            for row in told.rows
        ],
        "in one only": {each.connection.name: each.count for each in told.alone},
    }


def show(told: Parity) -> None:
    """Print it for people."""
    first, second = told.first.name, told.second.name
    companies = "company is" if told.companies == 1 else "companies are"
    said = (
        "[green]and both CRMs say the same of them[/]"
        if told.agrees
        else f"with {len(told.rows):,} difference{'s' * (len(told.rows) != 1)}"
    )
    out.print(f"{told.companies:,} {companies} in {first} and {second}, {said}.")
    columns = ("value", "same", "different", f"only in {first}", f"only in {second}")
    rows = [
        dict(zip(columns, (key.replace("_", " "), *vars(line).values()), strict=True))
        for key, line in told.lines.items()
    ]
    table(columns, rows)
    if told.rows:
        shown = [
            {
                "company": row.match.first_name,
                "value": row.key.replace("_", " "),
                first: "\n".join(filter(None, (row.values[0] or "–", row.edits[0]))),
                second: "\n".join(filter(None, (row.values[1] or "–", row.edits[1]))),
                "next": "a person decides" if row.asked else "by the model",
            }
            for row in told.rows
        ]
        table(("company", "value", first, second, "next"), shown)
    for each in told.alone:
        out.print(f"{each.count:,} customer{' is' if each.count == 1 else 's are'} in {each.connection} only.")
    if told.proposed:
        out.print(f"{told.proposed:,} possible matches wait for a decision: tierline matches list")
