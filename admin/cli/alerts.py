"""`tierline alerts`: what is open and with whom, and what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli import handling, sheets
from admin.cli.acting import Json, Portfolio
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Delivery

app = typer.Typer(
    help="Open alerts, what people say about them, and the messages that were sent.", invoke_without_command=True
)
handling.add(app)
COLUMNS = ("message", "to", "channel", "about", "state", "tries", "sent", "next", "error")


app.command("export")(sheets.export)
app.command("import")(sheets.take)


@app.callback()
def alerts(context: typer.Context, as_json: Json = False) -> None:
    """Open alerts: whose, about what, how many records, until when."""
    if context.invoked_subcommand:
        return
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import report

        rows = report.open_alerts()
        if as_json:
            print_json(rows)
        elif not rows:
            out.print("No open alerts.")
        else:
            report.alert_table(rows)


@app.command()
def deliveries(
    state: Annotated[str, typer.Option(help="Only these: pending, sent, failed or needless.", show_default="all")] = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="The newest so many.")] = 50,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Messages about alerts, the newest first: to whom, which way, how often tried, what came of it."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from admin import portfolios
        from sync.models import Delivery

        if state and state not in Delivery.State.values:
            known = ", ".join(Delivery.State.values)
            raise Stop(f"'{state}' is no state of a message.", f"There are {known}.", code=WRONG_INPUT)
        found = Delivery.objects.filter(owner__portfolio=portfolios.choose(portfolio))
        found = found.filter(state=state) if state else found
        chosen = found.select_related("owner", "destination").prefetch_related("alerts").order_by("-pk")[:limit]
        rows = [_row(each) for each in chosen]
        if as_json:
            print_json(rows)
        elif rows:
            table(COLUMNS, rows)
        else:
            out.print("No such message.")


def _row(found: Delivery) -> dict[str, Any]:
    waits = found.state == "pending"
    return {
        "message": found.key,
        "to": found.owner.name,
        "channel": str(found.destination or found.channel),
        "about": ", ".join(f"{alert.pk}" for alert in found.alerts.all()),
        "state": found.state,
        "tries": found.attempts,
        "sent": f"{found.sent_at:%Y-%m-%d %H:%M}" if found.sent_at else "",
        "next": f"{found.not_before:%Y-%m-%d %H:%M}" if waits and found.not_before else "",
        "error": found.error,
    }
