"""The type of our notifications: without one an org sends none, and its users switch theirs off by it."""

from __future__ import annotations

from connectors.base import SchemaStep
from connectors.salesforce.metadata import Element, MetadataApi, component, put

KIND = "CustomNotificationType"
#: API name of our notification type.
TYPE = "Tierline_Alert"


def definition() -> Element:
    element = component(TYPE)
    put(element, "customNotifTypeName", TYPE)
    put(element, "desktop", "true")
    put(element, "masterLabel", "Tierline alert")
    put(element, "mobile", "true")
    return element


def step(metadata: MetadataApi) -> SchemaStep:
    """One that is there is left as the org has set it: an administrator may have taken the phone away."""
    target = f"{KIND} {TYPE}"
    if metadata.read(KIND, [TYPE]):
        return SchemaStep("=", target, "unchanged")
    return SchemaStep("+", target, "the bell of people, on the desktop and the phone", creates=(target,))


def apply(metadata: MetadataApi) -> None:
    if step(metadata).sign == "+":
        metadata.upsert(KIND, [definition()])
