"""The fields a portfolio's model needs in a CRM: plan, show, apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from rich.console import Console

from admin import package
from admin.cli.output import Stop
from connectors.base import Crm, SchemaPlan, SchemaStep
from connectors.notifications import SendsNotifications
from connectors.pages import HasPages
from scoring.model import Model
from sync import crms, outputs
from sync.models import AuditEvent, Connection, PublishedModel
from sync.quality import obligations
from sync.reading import drift as drifting
from sync.writing import retiring

_COLOUR = {"+": "green", "~": "yellow", "-": "red", "!": "red", "=": "dim"}


def plan(connection: Connection, *, with_card: bool = False) -> SchemaPlan:
    """What has to change in this CRM for the newest published model; `with_card` also for its card and pages."""
    published = _published(connection)
    crm = crms.open_crm(connection)
    rules = (
        obligations.rules(published, connection, crm.kinds()) if outputs.model(published).mandatory.requirements else []
    )
    layout = outputs.layout(published, connection)
    held = retiring.still_held(layout, crm)
    steps = crm.plan_schema(layout.specs(retiring.deserted(held)), rules)
    notes = [*steps.notes, *_kept(layout, held), *_left(connection, layout, crm), *_card(connection)]
    if bell := _bell(connection, crm):
        steps = replace(steps, steps=(*steps.steps, bell.plan_notifications()))
    if with_card:
        pages = _pages_of(connection, crm).plan_pages(package.pages(layout))
        notes.append(_ACTIVATE)
        steps = replace(steps, steps=(*steps.steps, *pages))
    return replace(steps, notes=tuple(notes))


#: Salesforce lets no program choose the page that people see without changing what others chose.
_ACTIVATE = (
    'The record page "Account with customer value (Tierline)" is for you to activate: Setup, Lightning App Builder, '
    'open it, "Activation". Or put the component "Customer value (Tierline)" on the page that you have.'
)


def _pages_of(connection: Connection, crm: Crm) -> HasPages:
    if isinstance(crm, HasPages):
        return crm
    raise Stop(
        f"{connection.kind.capitalize()} takes cards from its own command line only.",
        "Write the project and upload it: tierline schema package FOLDER --help",
    )


def _bell(connection: Connection, crm: Crm) -> SendsNotifications | None:
    """The CRM, where a channel of the portfolio rings at the bells of its users."""
    wanted = connection.portfolio.destinations.filter(kind="notification").exists()
    return crm if wanted and isinstance(crm, SendsNotifications) else None


def _card(connection: Connection) -> Iterator[str]:
    """How the sellers' card gets there, where no plan can bring it."""
    if connection.kind == "hubspot":
        yield (
            "By hand, so that sellers see the card Customer value: tierline schema package card --connection "
            f"{connection.name}; in the folder card, hs project upload (HubSpot's own command line); install the app "
            "under Development > Projects; put the card on the page under Settings > Objects > Companies > Record "
            "customization. Write and upload it again when a model with other fields, tiers or profiles is published."
        )


def _kept(layout: outputs.Layout, held: Mapping[str, Mapping[str, int]]) -> Iterator[str]:
    """Retired values that stay on offer for now."""
    for key, counts in held.items():
        labels = {value.key: value.label for value in layout.model.retired.of(key)}
        for value, count in counts.items():
            if count:
                yield (
                    f'"{labels[value]}" is retired, but {count:,} account{"" if count == 1 else "s"} still hold it: '
                    "tierline run moves them, then plan and apply again."
                )


def _left(connection: Connection, layout: outputs.Layout, crm: Crm) -> Iterator[str]:
    """Fields that the model in force does not feed any more."""
    described = crm.describe("account") if layout.left else {}
    for key, label in layout.left.items():
        name = layout.names[key]
        if name not in described:
            continue
        count = crm.holders("account", name, None)
        yield (
            f"{label} ({name}) is no longer fed: the model in force has no such tier. Accounts with a value in it: "
            f"{count:,}. The next full run empties what we wrote there, and tierline undo takes that back. "
            f"Delete the field: tierline schema remove {connection} --left --delete-data."
        )


def published_model(connection: Connection) -> Model:
    """The newest published model of this connection's portfolio."""
    return outputs.model(_published(connection))


def _published(connection: Connection) -> PublishedModel:
    found = connection.portfolio.model_in_force()
    if found is None:
        raise Stop("No model is published yet.", "Publish one: tierline model publish FILE")
    return found


def apply(connection: Connection, steps: SchemaPlan, *, with_card: bool = False) -> None:
    """Apply a plan, the fields before the card. What it creates is written down first: half of it can be removed."""
    created = {name for step in steps.changes for name in step.creates}
    connection.installed = sorted(created | set(connection.installed))
    connection.save(update_fields=["installed"])
    crm = crms.open_crm(connection)
    crm.apply_schema(steps)
    if bell := _bell(connection, crm):
        bell.apply_notifications()
    if with_card:
        _pages_of(connection, crm).apply_pages(package.pages(outputs.layout(_published(connection), connection)))
    _audit(connection, "schema applied", steps)


def switch_mandatory(connection: Connection, *, on: bool) -> SchemaPlan:
    """Switch the validation rules off, or back to what the model says; applies that part of the plan alone."""
    connection.mandatory_off = not on
    connection.save(update_fields=["mandatory_off"])
    whole = plan(connection)
    part = SchemaPlan(tuple(step for step in whole.steps if step.rule or (step.spec and step.sign == "=")))
    apply(connection, part)
    return part


def drift(connection: Connection) -> list[str]:
    """How the CRM differs from the newest published model."""
    published = _published(connection)
    return drifting.check(connection, crms.open_crm(connection), published)


def plan_removal(connection: Connection, *, delete_data: bool, left: bool = False) -> SchemaPlan:
    """What taking our components away would do; `left`: only fields that the model in force does not feed any more."""
    parts = connection.installed
    if left:
        layout = outputs.layout(_published(connection), connection)
        names = {each for key in layout.left for each in (layout.names[key], outputs.value_set(key))}
        parts = [part for part in parts if part.rpartition(" ")[2].rpartition(".")[2] in names]
    return crms.open_crm(connection).plan_removal(parts, delete_data=delete_data)


def remove(connection: Connection, steps: SchemaPlan) -> None:
    """Take away what the plan says."""
    crms.open_crm(connection).remove_schema(steps)
    gone = {step.target for step in steps.changes}
    connection.installed = [name for name in connection.installed if name not in gone]
    connection.save(update_fields=["installed"])
    _audit(connection, "schema removed", steps)


def _audit(connection: Connection, action: str, steps: SchemaPlan) -> None:
    AuditEvent.objects.create(
        portfolio=connection.portfolio,
        actor="command line",
        action=action,
        subject=connection.name,
        detail={"steps": as_rows(steps)},
    )


def as_rows(steps: SchemaPlan) -> list[dict[str, Any]]:
    return [{"sign": step.sign, "target": step.target, "detail": step.detail} for step in steps.steps]


def _listed(steps: SchemaPlan) -> Iterator[SchemaStep]:
    """Steps as people read them: labels, of which there is one for each of the card's sentences, as one."""
    labels = [step for step in steps.steps if step.target.startswith("CustomLabel ")]
    if labels:
        yield replace(labels[0], target=f"{len(labels)} custom labels")
    yield from (step for step in steps.steps if step not in labels)


def show(steps: SchemaPlan, console: Console) -> None:
    """One line per change; what stays as it is only as a number."""
    width = max((len(step.target) for step in _listed(steps)), default=0)
    unchanged = 0
    for step in _listed(steps):
        if step.sign == "=":
            unchanged += 1
            continue
        console.print(f"  [{_COLOUR[step.sign]}]{step.sign}[/] {step.target:{width}}  {step.detail}", soft_wrap=True)
    told = {step.target for step in steps.steps if step.sign != "="}
    for target, values in steps.foreign.items():
        if target not in told:  # the line of a change says it
            names = ", ".join(f'"{value}"' for value in values)
            many = "value that is" if len(values) == 1 else "values that are"
            console.print(f"    {target} keeps {len(values)} {many} not ours: {names}")
    for note in steps.notes:
        console.print(f"    {note}", soft_wrap=True)
    others = f" Not touched: {steps.other_fields} other fields." if steps.other_fields else ""
    console.print(f"  = {unchanged} unchanged.{others}")
