"""PURE: what people ask for in the record itself: that a tier is right, that it is wrong, or another one.

Whoever sees the account may ask, without a right to edit the tier. A request stands in the list of what people set
differently for as long as it stands in the record.
"""

from __future__ import annotations

from collections.abc import Mapping

from connectors.base import FieldSpec, PicklistValue, Scalar
from sync.plan import OverrideRequest
from sync.values import text

REQUEST, COMMENT = ROLES = ("request", "request_comment")
KINDS = (
    PicklistValue("confirm", "Tier is right"),
    PicklistValue("dispute", "Tier is wrong"),
    PicklistValue("override", "Needs another tier"),
)


def specs(names: Mapping[str, str]) -> list[FieldSpec]:
    """The fields, where the model wants them."""
    if REQUEST not in names:
        return []
    ask = "What you want to say about this tier. It reaches the people who decide with the next run."
    return [
        FieldSpec(
            "account", names[REQUEST], "Tier request", "picklist", ask, values=KINDS, value_set="Tierline_Request",
            people_edit=True,
        ),
        FieldSpec(
            "account", names[COMMENT], "Tier request comment", "text", "Why, in a sentence or two.", length=255,
            people_edit=True,
        ),
    ]  # fmt: skip


def standing(current: Mapping[str, Scalar], tier: str | None) -> OverrideRequest | None:
    """The request an account holds, if any. `current`: our values by role."""
    asked = text(current.get(REQUEST))
    if asked is None:
        return None
    label = next((kind.label for kind in KINDS if kind.key == asked), asked)
    comment = text(current.get(COMMENT))
    return OverrideRequest(REQUEST, f"{label}: {comment}" if comment else label, tier)
