"""`tierline alerts`: what is open and with whom, what was sent, and how soon each person is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli import handling, sheets
from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from admin.messages import RhythmShown, Sent
    from sync.models import Owner

app = typer.Typer(
    help="Open alerts, what people say about them, and the messages that were sent.", invoke_without_command=True
)
handling.add(app)
COLUMNS = ("message", "to", "channel", "about", "state", "tries", "sent", "next", "why", "error")
Person = Annotated[str, typer.Argument(help="E-mail address or name, from: tierline owners list")]
Paced = Annotated[
    str | None, typer.Option(metavar="RHYTHM", help="immediate, hourly, daily or weekly.", show_default="as it is")
]


app.command("export")(sheets.export)
app.command("import")(sheets.take)


@app.callback()
def alerts(context: typer.Context, as_json: Json = False) -> None:
    """Open alerts: whose, about what, how many records, until when."""
    if context.invoked_subcommand:
        return
    with sentences():
        _ready()
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
    person: Annotated[
        str, typer.Option("--for", metavar="PERSON", help="Only those to this person.", show_default="everybody")
    ] = "",
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=10_000, help="The newest so many.")] = 50,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Messages about alerts, the newest first: to whom, which way, how often tried, what came of it."""
    with sentences():
        _ready()
        from admin import messages, portfolios
        from sync.models import Delivery

        if state and state not in Delivery.State.values:
            known = ", ".join(Delivery.State.values)
            raise Stop(f"'{state}' is no state of a message.", f"There are {known}.", code=WRONG_INPUT)
        number = _find(person, portfolio).pk if person else 0
        rows = messages.log(portfolios.choose(portfolio), person=number, state=state, limit=limit)
        if as_json:
            print_json([_row(each) for each in rows])
        elif rows:
            table(COLUMNS, [_row(each) for each in rows])
        else:
            out.print("No such message.")


@app.command()
def when(person: Person, portfolio: Portfolio = "", as_json: Json = False) -> None:
    """Why did I not get it yet? How soon a person is told, who decided that, and what waits for him."""
    with sentences():
        _ready()
        from admin import messages

        owner = _find(person, portfolio)
        shown = messages.rhythm(owner)
        waiting = messages.log(owner.portfolio, person=owner.pk, state="pending")
        _show(shown, waiting, as_json)


@app.command()
def rhythm(
    person: Person,
    high: Paced = None,
    medium: Paced = None,
    low: Paced = None,
    at: Annotated[str | None, typer.Option(help="Time of digests, e.g. 08:30.", show_default="as it is")] = None,
    weekday: Annotated[str | None, typer.Option(help="Day of weekly digests.", show_default="as it is")] = None,
    time_zone: Annotated[
        str | None, typer.Option("--zone", help="Time zone, e.g. Europe/Helsinki.", show_default="as it is")
    ] = None,
    quiet: Annotated[
        str | None, typer.Option(metavar="FROM-UNTIL", help="Quiet hours, e.g. 19:00-07:00.", show_default="as it is")
    ] = None,
    by: As = "",
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Choose how soon a person is told, within what the model allows; "" leaves it to the model again."""
    with sentences():
        _ready()
        from admin import messages
        from sync.alerts import own_rhythms

        owner = _find(person, portfolio)
        wanted = {"high": high, "medium": medium, "low": low, "at": at, "weekday": weekday, "time_zone": time_zone}
        if quiet is not None:
            start, _, end = quiet.partition("-")
            wanted |= {"quiet_from": start.strip(), "quiet_until": end.strip()}
        chosen = {name: text for name, text in wanted.items() if text is not None}
        if not chosen:
            raise Stop("Nothing was chosen.", "See: tierline alerts rhythm --help", code=WRONG_INPUT)
        try:
            own_rhythms.choose(owner.portfolio, owner.email, actor(by), **chosen)
        except own_rhythms.NotAllowed as error:
            raise Stop(str(error), "See what holds now: tierline alerts when PERSON", code=WRONG_INPUT) from None
        _show(messages.rhythm(owner), messages.log(owner.portfolio, person=owner.pk, state="pending"), as_json)


def _ready() -> None:
    from admin.cli.django_setup import ready

    ready(migrate=True)


def _find(person: str, portfolio: str) -> Owner:
    from django.db.models import Q

    from admin import portfolios
    from sync.models import Owner

    everybody = Owner.objects.filter(portfolio=portfolios.choose(portfolio)).select_related("portfolio")
    found = list(everybody.filter(Q(email__iexact=person) | Q(name__iexact=person)).order_by("pk"))
    if not found:
        raise Stop(
            f"Nobody called '{person}' has ever had an alert.", "List people: tierline owners list", code=WRONG_INPUT
        )
    if len({each.email.lower() for each in found}) > 1:
        raise Stop(f"Several people are called '{person}'.", "Name the e-mail address.", code=WRONG_INPUT)
    return found[0]


def _show(shown: RhythmShown, waiting: list[Sent], as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "person": shown.owner.name,
                "email": shown.owner.email,
                "rhythm": {severity: {"pace": pace, "by": by} for severity, pace, by in shown.paces},
                "time_zone": {"name": shown.zone, "by": shown.zone_by},
                "hours": {"words": shown.hours, "by": shown.hours_by},
                "found now, told at": {severity: moment.isoformat() for severity, moment in shown.next_at},
                "waiting": [_row(each) for each in waiting],
            }
        )
        return
    out.print(f"[bold]{shown.owner.name}[/] {shown.owner.email}")
    told = dict(shown.next_at)
    for severity, pace, by in shown.paces:
        out.print(f"  {severity:<7} {pace:<11} ({by}); found now, told {_local(told[severity], shown.zone)}")
    out.print(f"  hours   {shown.hours} ({shown.hours_by}); time zone {shown.zone} ({shown.zone_by})", soft_wrap=True)
    if waiting:
        table(COLUMNS, [_row(each) for each in waiting])
    else:
        out.print("  Nothing waits to be sent.")


def _local(moment: Any, zone: str) -> str:
    from zoneinfo import ZoneInfo

    return f"{moment.astimezone(ZoneInfo(zone)):%a %Y-%m-%d %H:%M}"


def _row(found: Sent) -> dict[str, Any]:
    return {
        "message": found.key,
        "to": found.person,
        "channel": found.way,
        "about": ", ".join(str(number) for number, _ in found.about),
        "state": found.state,
        "tries": found.attempts,
        "sent": f"{found.sent_at:%Y-%m-%d %H:%M}" if found.sent_at else "",
        "next": f"{found.next_at:%Y-%m-%d %H:%M}" if found.next_at else "",
        "why": found.why,
        "error": found.error,
    }
