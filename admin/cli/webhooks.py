"""`tierline connection webhooks`: what to enter in the CRM so that it tells us what changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from admin.cli.output import WRONG_INPUT, Stop, out, print_json, sentences
from admin.cli.ways_in import SECRET

if TYPE_CHECKING:
    from sync.models import Connection


#: What people call the records that we are told of -> their kind.
_THINGS = {"Company": "account", "Deal": "opportunity", "Ticket": "ticket"}


def show(
    name: Annotated[str, typer.Argument(help="Name of a HubSpot connection.")],
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of text.")] = False,
) -> None:
    """Print the address and the subscriptions to enter in the HubSpot app, and keep the app's client secret.

    The secret proves that events come from HubSpot. It is taken from TIERLINE_CLIENT_SECRET, or asked for when none is
    stored yet. TIERLINE_URL has to be the address at which HubSpot reaches the console.
    """
    with sentences():
        from admin.cli.connection import find

        connection = find(name)
        if connection.kind != "hubspot":
            raise Stop(f"'{name}' is no HubSpot connection.", "Only HubSpot sends webhooks.", code=WRONG_INPUT)
        from admin.views import webhooks
        from connectors.hubspot.notices import SUBSCRIPTIONS

        _keep_secret(connection)
        address = webhooks.address(connection)
        properties = {thing: list(_properties(connection, kind)) for thing, kind in _THINGS.items()}
        if as_json:
            events = {thing: list(names) for thing, names in SUBSCRIPTIONS.items()}
            print_json({"address": address, "events": events, "properties": properties})
            return
        out.print("Enter in the app's settings in HubSpot, under Webhooks:")
        out.print(f"  Target URL     {address}", markup=False, soft_wrap=True)
        for thing, names in SUBSCRIPTIONS.items():
            out.print(f"  {thing:14} {', '.join(names)}", markup=False)
        for thing, changed in properties.items():
            out.print(f"  {thing:14} property changed: {', '.join(changed)}", markup=False, soft_wrap=True)
        if not address.startswith("https://"):
            out.print("! HubSpot sends to https only: set TIERLINE_URL to the public address of the console.")


def _keep_secret(connection: Connection) -> None:
    """Store the app's client secret beside the other credentials."""
    from sync import crms, vault

    kept = vault.unseal(connection.credentials)
    given = os.environ.get(SECRET) or kept.get("client_secret")
    secret = given or str(typer.prompt("Client secret of the app", hide_input=True))
    if kept.get("client_secret") != secret:
        connection.credentials = vault.seal({**kept, "client_secret": secret})
        connection.save(update_fields=["credentials"])
        crms.forget(connection)


def _properties(connection: Connection, kind: str) -> Iterator[str]:
    """Properties of these records that people fill in: what the model reads, and on companies our own they may edit."""
    from connectors.hubspot.kinds import DEFAULTS
    from sync import outputs

    published = connection.portfolio.model_in_force()
    if published is None:
        raise Stop("No model is published yet.", "Publish one: tierline model publish FILE")
    layout = outputs.layout(published, connection)
    read = {**DEFAULTS[kind], **layout.mapped.get(kind, {})}
    kept = {"id", "created_at", "created_on", "opened_on", "modified_at"}
    yield from sorted({path for column, path in read.items() if column not in kept and "." not in path})
    if kind != "account":
        return
    tiers = [output.names["value"] for output in layout.outputs if output.key == "tier"]
    yield from sorted(
        {spec.name for spec in layout.specs() if spec.kind == "account" and spec.people_edit} | set(tiers)
    )
