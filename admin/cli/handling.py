"""`tierline alerts acknowledge`, `snooze` and the like: what a person says about the findings of an alert."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli.acting import As, Json, Portfolio, actor
from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Alert

Number = Annotated[int, typer.Argument(metavar="ALERT", help="Number of the alert, as `tierline alerts` lists it.")]
Only = Annotated[
    list[int] | None,
    typer.Option("--finding", metavar="NUMBER", help="Only this finding of it; may be given several times."),
]
Why = Annotated[str, typer.Option(help="Why, in a sentence: whoever looks at it next reads it.")]
Until = Annotated[
    datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=["%Y-%m-%d"], help="Last day of its rest.")
]


def add(app: typer.Typer) -> None:
    """Put these commands under `tierline alerts`."""
    app.command("show")(show)
    app.command("acknowledge")(acknowledge)
    app.command("begin")(begin)
    app.command("snooze")(snooze)
    app.command("cannot-know")(cannot_know)
    app.command("accept")(accept)
    app.command("give-back")(give_back)
    app.command("right")(right)
    app.command("take-back")(take_back)
    app.command("sla")(sla)


def show(alert: Number, as_json: Json = False) -> None:
    """The findings of an alert that are not mended: their numbers, where they stand, who said what."""
    with sentences():
        found = _find(alert)
        from sync.alerts import handling
        from sync.alerts.states import STATES, State
        from sync.models import Finding

        findings = list(Finding.objects.filter(alert=found).exclude(state=State.RESOLVED).order_by("due_on", "pk"))
        said = handling.last_said(findings)
        rows: list[dict[str, Any]] = [
            {
                "finding": each.pk,
                "record": each.record_name,
                "state": STATES[State(each.state)],
                "until": each.rests_until,
                "due": each.due_on,
                "by": said[each.pk].by if each.pk in said else "",
                "said": said[each.pk].reason if each.pk in said else "",
                "problem": each.message,
            }
            for each in findings
        ]
        if as_json:
            print_json(rows)
        elif rows:
            table(tuple(rows[0]), rows)
        else:
            out.print("Nothing is left of it: every record is mended.")


def acknowledge(alert: Number, finding: Only = None, as_name: As = "") -> None:
    """Acknowledge its findings: somebody has seen them."""
    _do("acknowledge", alert, finding, as_name)


def begin(alert: Number, finding: Only = None, as_name: As = "") -> None:
    """Say that somebody works on them."""
    _do("begin", alert, finding, as_name)


def snooze(alert: Number, until: Until, finding: Only = None, as_name: As = "") -> None:
    """Put them off until a day, as long as the model allows; then they wait again."""
    _do("snooze", alert, finding, as_name, until=until)


def cannot_know(alert: Number, why: Why, finding: Only = None, as_name: As = "") -> None:
    """Say that it cannot be known; the owner's manager, or the administrator, accepts that or gives it back."""
    _do("cannot_know", alert, finding, as_name, reason=why)


def accept(alert: Number, until: Until = None, finding: Only = None, as_name: As = "") -> None:
    """Accept that it cannot be known: it rests until the value changes, or until a day."""
    _do("accept", alert, finding, as_name, until=until)


def give_back(alert: Number, why: Why, finding: Only = None, as_name: As = "") -> None:
    """Do not accept that it cannot be known; it goes back to whoever said so."""
    _do("give_back", alert, finding, as_name, reason=why)


def right(alert: Number, why: Why, finding: Only = None, as_name: As = "") -> None:
    """Say that it is right as it is, until one of the values changes: other than by the rules, or two companies."""
    _do("confirm", alert, finding, as_name, reason=why)


def take_back(alert: Number, finding: Only = None, as_name: As = "") -> None:
    """Take back what was said: they wait for their owner again."""
    _do("take_back", alert, finding, as_name)


def sla(
    by: Annotated[str, typer.Option(help="Figures by: owner, team, rule or severity.")] = "owner",
    weeks: Annotated[int, typer.Option(metavar="N", min=1, max=104, help="Of the last so many weeks.")] = 8,
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """How long findings waited until they were seen and closed, and the share that was in time."""
    with sentences():
        from admin.cli.django_setup import ready

        ready(migrate=True)
        from django.utils import timezone

        from admin import portfolios
        from sync.alerts import punctuality

        if by not in punctuality.BY:
            choices = ", ".join(punctuality.BY)
            raise Stop(f"There are no figures by '{by}'.", f"Choose one of: {choices}", code=WRONG_INPUT)
        every, lines = punctuality.measured(portfolios.choose(portfolio), [by], weeks, timezone.now())
        rows = [_figures(line.name, line.figures) for line in (every, *lines[by])]
        if as_json:
            print_json(rows)
        else:
            table(tuple(rows[0]), [{key: _shown(key, value) for key, value in row.items()} for row in rows])


def _figures(name: str, found: Any) -> dict[str, Any]:
    return {
        "name": name,
        "open": found.open,
        "overdue": found.overdue,
        "closed": found.closed.count,
        "days to see": found.seen.median,
        "9 in 10 seen": found.seen.ninetieth,
        "days to close": found.closed.median,
        "9 in 10 closed": found.closed.ninetieth,
        "in time": found.in_time,
    }


def _shown(key: str, value: object) -> object:
    if key == "in time" and isinstance(value, float):
        return f"{value:.0%}"
    return f"{value:.1f}" if isinstance(value, float) else value


def _find(number: int) -> Alert:
    from admin.cli.django_setup import ready

    ready(migrate=True)
    from sync.models import Alert

    found = Alert.objects.select_related("portfolio", "owner").filter(pk=number).first()
    if found is None:
        raise Stop(f"There is no alert {number}.", "List them with: tierline alerts", code=WRONG_INPUT)
    return found


def _do(
    deed: str,
    number: int,
    only: list[int] | None,
    name: str,
    *,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    with sentences():
        alert = _find(number)
        from sync.alerts import handling
        from sync.alerts.states import EVENTS, Event
        from sync.models import Finding

        theirs = Finding.objects.filter(alert=alert).exclude(state=Finding.State.RESOLVED)
        if only:
            theirs = theirs.filter(pk__in=only)
        chosen = list(theirs.values_list("pk", flat=True))
        if strange := set(only or []) - set(chosen):
            raise Stop(
                f"Alert {number} has no finding {min(strange)} that is not mended.",
                f"List them with: tierline alerts show {number}",
                code=WRONG_INPUT,
            )
        day = until.date() if until else None
        event = Event(deed)
        done = handling.do(alert.portfolio, chosen, event, actor(name), reason=reason, until=day)
        out.print(f"[green]✓[/] {done:,} of {len(chosen):,} {EVENTS[event]}, by {actor(name)}.")
