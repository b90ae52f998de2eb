"""`tierline owners`: who answers for which data and why, and who stands in for whom."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

import typer

from admin.cli.acting import As, Json, Portfolio, account_of, actor
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

app = typer.Typer(help="Who answers for which data, and who stands in for whom.", no_args_is_help=True)
Email = Annotated[str, typer.Argument(metavar="EMAIL", help="E-mail address of the person in the CRM.")]
_DAY = ["%Y-%m-%d"]


@app.command("list")
def list_all(portfolio: Portfolio = "", as_json: Json = False) -> None:
    """People with open findings, and who is away."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.alerts import owners
        from sync.models import Absence

        chosen = portfolios.choose(portfolio)
        rows = owners.burden(chosen)
        away = list(Absence.objects.filter(portfolio=chosen).values("email", "delegate", "starts_on", "ends_on"))
        if as_json:
            print_json({"owners": rows, "absences": away})
            return
        if rows:
            table(("name", "email", "findings", "overdue", "due"), rows)
        else:
            out.print("Nobody has an open finding.")
        for each in away:
            out.print(
                f"{each['email']} is away {each['starts_on']} to {each['ends_on']}; {each['delegate']} stands in."
            )


@app.command()
def explain(
    account: Annotated[str, typer.Argument(help="Record id or exact name of an account.")],
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Who is told about this account, and why: its open findings, then its other values."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync import labels
        from sync.alerts import owners

        chosen = portfolios.choose(portfolio)
        wanted, names = account_of(account, chosen.pk), labels.labels(chosen)
        found = [asdict(each) for each in owners.explain(wanted)]
        if as_json:
            print_json(found)
            return
        for each in found:
            out.print(f"[bold]{names.field(each['about'])}[/]: {each['person']} <{each['email']}>", soft_wrap=True)
            if each["finding"]:
                out.print(f"  {each['finding']}", markup=False, soft_wrap=True)
            out.print(f"  Why: {each['because']}", markup=False, soft_wrap=True)


@app.command()
def away(
    email: Email,
    delegate: Annotated[str, typer.Option(metavar="EMAIL", help="Who stands in.")],
    until: Annotated[datetime, typer.Option(metavar="YYYY-MM-DD", formats=_DAY, help="The last day away.")],
    since: Annotated[
        datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=_DAY, help="The first day.", show_default="today")
    ] = None,
    by: As = "",
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Note that somebody is away; from the next run on another person gets their findings meanwhile."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from django.utils import timezone

        from admin import portfolios
        from sync.alerts import owners

        first = since.date() if since else timezone.localdate()
        try:
            made = owners.leave(portfolios.choose(portfolio), email, delegate, first, until.date(), actor(by))
        except ValueError as error:
            fix = "Give addresses as they stand on the users in the CRM; a new user is known after the next run."
            raise Stop(str(error), fix, code=WRONG_INPUT) from None
        if as_json:
            print_json({"email": made.email, "delegate": made.delegate, "since": made.starts_on, "until": made.ends_on})
        else:
            out.print(f"[green]✓[/] {made.delegate} stands in for {made.email}, {made.starts_on} to {made.ends_on}.")


@app.command()
def back(email: Email, by: As = "", portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Forget that somebody is away; from the next run on their findings are theirs again."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.alerts import owners

        ended = owners.back(portfolios.choose(portfolio), email, actor(by))
        if not ended:
            raise Stop(f"{email} is not noted as away.", "See who is: tierline owners list", code=WRONG_INPUT)
        if as_json:
            print_json({"email": email, "away": False})
        else:
            out.print(f"[green]✓[/] {email} is back.")
