"""What a HubSpot account lets us do: scopes that the app lacks, properties that may not be written, plan and limits."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from connectors.hubspot.client import Client
from connectors.hubspot.kinds import CARRIERS
from connectors.hubspot.properties import Properties, field_of
from connectors.preflight import Missing, Preflight

_GRANT = "Add it to the app's scopes, then reconnect: a token holds the scopes it was made with."
#: Scope -> what it is for. The names of older accounts' combined scopes count too.
_READING: Mapping[tuple[str, ...], str] = {
    ("crm.objects.companies.read",): "reading companies",
    ("crm.objects.deals.read",): "reading deals",
    ("crm.objects.contacts.read",): "reading calls, meetings, notes and tasks",
    ("crm.objects.owners.read",): "knowing whose records are whose",
    ("crm.schemas.companies.read",): "knowing the properties of companies",
    ("crm.schemas.deals.read",): "knowing pipelines and properties of deals",
    ("tickets", "crm.objects.tickets.read"): "reading tickets",
}
_WRITING: Mapping[str, Mapping[tuple[str, ...], str]] = {
    "companies": {
        ("crm.objects.companies.write",): "writing our values",
        ("crm.schemas.companies.write",): "tierline schema plan and apply",
    },
    "deals": {
        ("crm.objects.deals.write",): "writing our values on deals",
        ("crm.schemas.deals.write",): "tierline schema plan and apply",
    },
}
_TASKS: Mapping[tuple[str, ...], str] = {("crm.objects.contacts.write",): "giving tasks to the owners of data"}
_SANDBOXES = frozenset({"SANDBOX", "DEVELOPER_TEST", "APP_DEVELOPER"})


def look(
    client: Client, written: Collection[str], own: Collection[str], read: Callable[[str], Properties]
) -> Preflight:
    """See `LooksAhead.preflight`."""
    about = client.get(client.paths.account("details"))
    owners = sorted({CARRIERS[kind] for kind in written})
    needed = {**_READING, **{scopes: what for owner in owners for scopes, what in _WRITING[owner].items()}, **_TASKS}
    granted = {str(scope) for scope in client.access().get("scopes") or ()}
    kind = str(about.get("accountType") or "")
    return Preflight(
        edition=f"HubSpot account {about.get('portalId')} ({kind.replace('_', ' ').lower() or 'of unknown type'})",
        is_sandbox=kind in _SANDBOXES,
        instance=str(about.get("dataHostingLocation") or ""),
        missing=(*_scopes(needed, granted), *_locked(owners, own, read)),
        met=(),
        unread=(
            "Workflows cannot be listed through the API: look in Automation > Workflows for those that start when one "
            "of our properties, or the date of the last change, changes.",
        ),
    )


def _scopes(needed: Mapping[tuple[str, ...], str], granted: Collection[str]) -> Iterator[Missing]:
    for scopes, purpose in needed.items():
        if not set(scopes) & set(granted):
            yield Missing(scopes[0], purpose, _GRANT)


def _locked(owners: Collection[str], own: Collection[str], read: Callable[[str], Properties]) -> Iterator[Missing]:
    """Properties of ours that may not be written."""
    for component in own:
        kind, _, full_name = component.partition(" ")
        owner, _, name = full_name.partition(".")
        if kind == "Property" and owner in owners:
            entry = read(owner).get(name)
            if entry is not None and not field_of(entry).updateable:
                yield Missing(
                    f"Edit on property {full_name}", "writing our values", "Make the property editable through the API."
                )
