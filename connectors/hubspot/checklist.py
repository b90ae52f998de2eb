"""What HubSpot lets only a person do, as sentences for the plan, and whether it seems to have been done.

No interface makes a property required, and requirements bind people in HubSpot's own forms only, never other programs.
So a mandatory value is watched, not enforced: what is missing stays empty, is found by every run, and alerted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from connectors.base import FieldSpec, RuleSpec
from connectors.hubspot import searching
from connectors.hubspot.client import Client
from connectors.hubspot.kinds import CARRIERS, COMPANIES
from connectors.hubspot.properties import Properties
from connectors.hubspot.values import milliseconds

#: Days back in which companies that people made tell whether the form asks for our values.
RECENT = 30
_NAMES = {COMPANIES: "Companies", "deals": "Deals"}


def left_out(specs: Sequence[FieldSpec]) -> Iterator[str]:
    """Fields that the model wants on records HubSpot has no place for."""
    kinds = sorted({spec.kind for spec in specs} - CARRIERS.keys())
    for kind in kinds:
        yield f"HubSpot keeps no values of ours on {kind}s: the model's fields on them are left out."


# unverified: the names of HubSpot's settings for conditional options, required properties and stages.
def to_click(
    client: Client, specs: Sequence[FieldSpec], rules: Sequence[RuleSpec], known: Mapping[str, Properties]
) -> Iterator[str]:
    """What a person has to set once, in HubSpot's settings."""
    labels = {spec.name: spec.label for spec in specs}
    for spec in specs:
        if spec.controller and spec.kind in CARRIERS and spec.controller in labels:
            yield (
                f"By hand, so that people are offered only options of the chosen {labels[spec.controller]}: Settings > "
                f"Objects > {_NAMES[CARRIERS[spec.kind]]} > {spec.label} > Conditional logic. Until then every run "
                "checks the pairs and alerts."
            )
    for rule in rules:
        yield from _obligation(rule, labels)
        if rule.kind == "account" and rule.active:
            yield from _seen(client, rule, labels, known.get(COMPANIES, {}))


def _obligation(rule: RuleSpec, labels: Mapping[str, str]) -> Iterator[str]:
    fields = " and ".join(labels.get(name, name) for name in rule.fields)
    if not rule.active:
        yield f"Not yet to be required of people: {fields}; {rule.note}."
        return
    if rule.kind == "account":
        yield (
            f"By hand, so that people have to fill in {fields}: Settings > Objects > Companies > Create record form > "
            f"add and mark as required. HubSpot has no rule that refuses a company without it, nor one for other "
            "programs: every run finds what is missing."
        )
        return
    stages = ", ".join(value for name in rule.on_change_of for value in rule.only.get(name, ()))
    yield (
        f"By hand, so that a deal needs {fields} of its company{f' from {stages} on' if stages else ''}: Settings > "
        "Objects > Deals > Pipelines > Conditional stage properties, with the deal's own copy of it. HubSpot cannot "
        "ask for a value of the company: name these stages under quality, missing_at_stage, and every run alerts."
    )


def _seen(client: Client, rule: RuleSpec, labels: Mapping[str, str], known: Properties) -> Iterator[str]:
    """Whether companies that people made lately have the values: all that the interface shows of a form."""
    start = (client.server_time or datetime.now(UTC)) - timedelta(days=RECENT)
    for name in rule.fields:
        if name not in known:
            continue
        made = [
            {"propertyName": "createdate", "operator": "GTE", "value": milliseconds(start)},
            searching.where("hs_object_source", "EQ", "CRM_UI"),
        ]
        lacking = searching.total(client, COMPANIES, [*made, searching.where(name, "NOT_HAS_PROPERTY")])
        if lacking:
            yield (
                f"Not done yet, it seems: {lacking:,} compan{'y' if lacking == 1 else 'ies'} that people made in the "
                f"last {RECENT} days {'has' if lacking == 1 else 'have'} no {labels.get(name, name)}."
            )
