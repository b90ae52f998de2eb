"""The fields a portfolio's model needs in a CRM: plan, show, apply."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from admin.cli.output import Stop
from connectors.base import SchemaPlan
from sync import crms, outputs
from sync.models import AuditEvent, Connection

_COLOUR = {"+": "green", "~": "yellow", "!": "red", "=": "dim"}


def plan(connection: Connection) -> SchemaPlan:
    """What has to change in this CRM for the newest published model."""
    published = connection.portfolio.published_models.order_by("-published_at", "-pk").first()
    if published is None:
        raise Stop("No model is published yet.", "Publish one: tierline model publish FILE")
    return crms.open_crm(connection).plan_schema(outputs.layout(published, connection).specs())


def apply(connection: Connection, steps: SchemaPlan) -> None:
    crms.open_crm(connection).apply_schema(steps)
    AuditEvent.objects.create(
        portfolio=connection.portfolio,
        actor="command line",
        action="schema applied",
        subject=connection.name,
        detail={"steps": as_rows(steps)},
    )


def as_rows(steps: SchemaPlan) -> list[dict[str, Any]]:
    return [{"sign": step.sign, "target": step.target, "detail": step.detail} for step in steps.steps]


def show(steps: SchemaPlan, console: Console) -> None:
    """One line per change; what stays as it is only as a number."""
    width = max((len(step.target) for step in steps.steps), default=0)
    unchanged = 0
    for step in steps.steps:
        if step.sign == "=":
            unchanged += 1
            continue
        console.print(f"  [{_COLOUR[step.sign]}]{step.sign}[/] {step.target:{width}}  {step.detail}", soft_wrap=True)
    for target, values in steps.foreign.items():
        names = ", ".join(f'"{value}"' for value in values)
        console.print(f"    {target} keeps {len(values)} values that are not ours: {names}")
    console.print(f"  = {unchanged} unchanged. Not touched: {steps.other_fields} other fields.")
