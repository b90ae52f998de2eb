"""The model's section `mandatory` for one CRM: rules to install, and whether enough is filled to switch them on."""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import RuleSpec
from scoring.model import Model
from scoring.model.mandatory import Requirement
from sync import outputs
from sync.models import AccountState, Connection, PublishedModel

Columns = Mapping[str, Mapping[str, str]]


def rules(published: PublishedModel, connection: Connection, columns: Columns) -> list[RuleSpec]:
    """One rule per requirement at stage `required`, on accounts and, where deal stages are named, on opportunities.

    A requirement at another stage keeps a rule that was installed before, switched off. `columns`: record kind ->
    column -> CRM field path, as the connector's `kinds()` gives it.
    """
    model = outputs.model(published)
    layout = outputs.layout(published, connection)
    found = []
    for requirement in model.mandatory.requirements:
        if requirement.stage == "required" or _installed(connection, "Account", requirement):
            active, note = _active(model, requirement, connection)
            found += _rules(requirement, layout, columns, active, note)
    return found


def packaged(model: Model, layout: outputs.Layout, columns: Columns) -> list[RuleSpec]:
    """The rules of all requirements, inactive, for a package that is installed without us."""
    note = "switched on by an administrator"
    return [
        rule
        for requirement in model.mandatory.requirements
        if requirement.stage != "optional"
        for rule in _rules(requirement, layout, columns, False, note)
    ]


def _rules(
    requirement: Requirement, layout: outputs.Layout, columns: Columns, active: bool, note: str
) -> list[RuleSpec]:
    fields = tuple(layout.names[value] for value in requirement.values)
    message = _message(layout, requirement, "")
    account = layout.columns("account", columns["account"])
    only = _only(requirement, account, layout.names["segment"])
    chosen = tuple(dict.fromkeys([*only, account["type"]]))
    name, since = _name(requirement), requirement.since
    found = [RuleSpec("account", name, fields, chosen, message, only, since, active, note)]
    if requirement.deal_stages:
        stage = layout.columns("opportunity", columns["opportunity"])["stage"]
        theirs = {stage: requirement.deal_stages} | {f"Account.{field}": values for field, values in only.items()}
        message = _message(layout, requirement, " on the account")
        found.append(RuleSpec("opportunity", name, fields, (stage,), message, theirs, since, active, note))
    return found


def _name(requirement: Requirement) -> str:
    return f"Tierline_{requirement.key}"


def _installed(connection: Connection, owner: str, requirement: Requirement) -> bool:
    return f"ValidationRule {owner}.{_name(requirement)}" in connection.installed


def _only(requirement: Requirement, account: Mapping[str, str], segment: str) -> dict[str, tuple[str, ...]]:
    chosen = {
        account["type"]: requirement.types,
        account["country"]: requirement.countries,
        segment: requirement.segments,
    }
    return {name: values for name, values in chosen.items() if values}


def _message(layout: outputs.Layout, requirement: Requirement, where: str) -> str:
    names = [layout.title(layout.names[value]) for value in requirement.values]
    listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    return f"Please choose {listed}{where} before you save. Tierline needs it to place this customer."


def _active(model: Model, requirement: Requirement, connection: Connection) -> tuple[bool, str]:
    """Whether the rule may refuse, and why not."""
    if requirement.stage != "required":
        return False, f"the model has it at stage {requirement.stage}"
    if connection.mandatory_off:
        return False, f"switched off with: tierline schema mandatory {connection} --off"
    share, accounts = filled_share(requirement, connection)
    if share < model.mandatory.backfill:
        return False, (
            f"{share:.0%} of {accounts:,} accounts in scope have the values, the model asks for "
            f"{model.mandatory.backfill:.0%} first"
        )
    return True, ""


def filled_share(requirement: Requirement, connection: Connection) -> tuple[float, int]:
    """Share of the accounts in scope that hold all values in the CRM, and how many accounts that is of."""
    accounts = filled = 0
    held = AccountState.objects.filter(connection=connection, in_scope=True).values_list("current", flat=True)
    for current in held.iterator(chunk_size=5000):
        accounts += 1
        filled += all(current.get(value) for value in requirement.values)
    return (filled / accounts if accounts else 0.0), accounts
