"""`tierline overrides`: tiers that people want or have instead of the computed ones, asked for and decided."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from admin.cli.acting import As, Json, Portfolio, account_of, actor
from admin.cli.output import FAILED, WRONG_INPUT, Stop, out, print_json, sentences, table

if TYPE_CHECKING:
    from sync.models import Override

app = typer.Typer(
    help="Overrides of the tier: list, ask for, approve, reject, end, and judge them afterwards.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(help="Number of the override, from: tierline overrides list")]
DAY = ["%Y-%m-%d"]
COLUMNS = ("override", "state", "account", "tier", "computed", "reason", "until", "asked by", "decided by")


@app.command("list")
def list_all(
    state: Annotated[
        str, typer.Option(help="Only these: requested, approved, rejected, expired or withdrawn.", show_default="open")
    ] = "",
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Overrides that wait for a decision or are in force, the newest first."""
    with sentences():
        _ready()
        from admin import portfolios
        from sync.models import Override

        if state and state not in Override.State.values:
            known = ", ".join(Override.State.values)
            raise Stop(f"'{state}' is no state of an override.", f"There are {known}.", code=WRONG_INPUT)
        found = Override.objects.filter(
            account__connection__portfolio=portfolios.choose(portfolio), state__in=[state] if state else Override.OPEN
        )
        rows = [_row(override) for override in found.select_related("account").order_by("-noticed_at", "-pk")]
        if as_json:
            print_json(rows)
        elif rows:
            table(COLUMNS, rows)
        else:
            out.print(f"No override is {state}." if state else "No override waits or is in force.")
            out.print("Ask for one with: tierline overrides request ACCOUNT TIER --help")


@app.command()
def request(
    account: Annotated[str, typer.Argument(help="The account: its id in the CRM, or its exact name.")],
    tier: Annotated[str, typer.Argument(help="Key of the tier it should have.")],
    reason: Annotated[str, typer.Option(help="Code of the model's list of reasons, e.g. strategic.")],
    comment: Annotated[str, typer.Option(help="A sentence that will still be understood in a year.")],
    until: Annotated[datetime, typer.Option(metavar="YYYY-MM-DD", formats=DAY, help="Last day it holds.")],
    floor: Annotated[bool, typer.Option("--floor", help="Give way to a better computed tier.")] = False,
    by: As = "",
    portfolio: Portfolio = "",
    as_json: Json = False,
) -> None:
    """Ask for another tier than the computed one; somebody else approves it."""
    with sentences():
        _ready()
        from django.utils import timezone

        from admin import portfolios
        from sync.governance import overriding
        from sync.models import Override

        wanted = account_of(account, portfolios.choose(portfolio).pk)
        try:
            made = overriding.request(
                wanted,
                tier,
                actor(by),
                kind=Override.Kind.FLOOR if floor else Override.Kind.LOCK,
                reason=reason,
                comment=comment,
                until=until.date(),
                today=timezone.localdate(),
            )
        except overriding.Refused as refused:
            raise Stop(str(refused), code=WRONG_INPUT) from None
        said = f"Override {made.pk} of {wanted} is asked for. Somebody else approves it: "
        _done(made, f"{said}tierline overrides approve {made.pk}", as_json)


@app.command()
def approve(
    number: Number,
    reason: Annotated[str, typer.Option(help="Reason code, where the request has none.")] = "",
    comment: Annotated[str, typer.Option(help="Why, where the request does not say it.")] = "",
    until: Annotated[datetime | None, typer.Option(metavar="YYYY-MM-DD", formats=DAY, help="Another last day.")] = None,
    by: As = "",
    as_json: Json = False,
) -> None:
    """Put a request in force. Nobody approves a request of their own."""
    with sentences():
        override = _find(number)
        _may(override, by)
        from django.utils import timezone

        from sync.governance import overriding

        end = until.date() if until else None
        overriding.approve(override, actor(by), today=timezone.localdate(), reason=reason, comment=comment, until=end)
        _done(override, f"Override {number} is approved. The next run publishes it.", as_json)


@app.command()
def reject(
    number: Number,
    comment: Annotated[str, typer.Option(help="Why; whoever asked reads it.")],
    by: As = "",
    as_json: Json = False,
) -> None:
    """Say no to a request; the computed tier is published again."""
    with sentences():
        override = _find(number)
        _may(override, by)
        from sync.governance import overriding

        overriding.reject(override, actor(by), comment)
        _done(override, f"Override {number} is rejected. The next run publishes the computed tier.", as_json)


@app.command()
def end(number: Number, by: As = "", as_json: Json = False) -> None:
    """Take an override out of force before its time."""
    with sentences():
        override = _find(number)
        from sync.governance import overriding

        overriding.end(override, actor(by))
        _done(override, f"Override {number} has ended. The next run publishes the computed tier.", as_json)


@app.command()
def judge(
    number: Number,
    right: Annotated[bool | None, typer.Option("--right/--wrong", help="Was it right, seen from its end?")] = None,
    by: As = "",
    as_json: Json = False,
) -> None:
    """Say of an override that has ended whether it was right."""
    with sentences():
        if right is None:
            raise Stop("It is not said whether it was right.", "Give --right or --wrong.", code=WRONG_INPUT)
        override = _find(number)
        from sync.governance import overriding

        overriding.judge(override, right, actor(by))
        _done(override, f"Override {number} was {'right' if right else 'wrong'}; that is kept.", as_json)


def _ready() -> None:
    from admin.cli.django_setup import ready

    ready(migrate=True)


def _find(number: int) -> Override:
    _ready()
    from sync.models import Override

    found = Override.objects.select_related("account__connection__portfolio").filter(pk=number).first()
    if found is None:
        raise Stop(f"There is no override {number}.", "List them with: tierline overrides list", code=WRONG_INPUT)
    return found


def _may(override: Override, by: str) -> None:
    from sync.governance import overriding

    name = actor(by)
    if not overriding.may_decide_as(name, override):
        raise Stop(
            f"{name} may not decide about override {override.pk}.",
            "Somebody else has to, of the group that the model names for a jump of this size.",
            code=FAILED,
        )


def _row(override: Override) -> Mapping[str, Any]:
    return {
        "override": override.pk,
        "state": override.state,
        "account": override.account.name,
        "record_id": override.account.record_id,
        "field": override.field,
        "tier": override.value,
        "computed": override.computed,
        "kind": override.kind,
        "reason": override.reason,
        "comment": override.comment,
        "until": override.expires_on,
        "asked by": override.requested_by or "the CRM",
        "decided by": override.decided_by,
        "decision": override.decision,
        "was_right": override.was_right,
    }


def _done(override: Override, sentence: str, as_json: bool) -> None:
    if as_json:
        override.refresh_from_db()
        print_json(_row(override))
    else:
        out.print(sentence, soft_wrap=True, markup=False)
