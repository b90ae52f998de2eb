"""PURE: what people ask for in the record itself, and what they are answered there.

Whoever sees the account may ask, without a right to edit the tier: that the tier or a value is right, that the tier is
wrong, for another tier, or to take back what was asked. A run reads the request, empties its fields, and keeps the
answer in fields beside them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from connectors.base import FieldSpec, PicklistValue, Scalar
from scoring.model.shape import Model
from sync.values import Stored, text

#: What a person writes: what is asked, the tier or value it is about, why, and who asks.
ASKED = REQUEST, VALUE, REASON, COMMENT, BY = (
    "request", "request_value", "request_reason", "request_comment", "request_by",
)  # fmt: skip
#: What we write: where it stands, what was asked in words, who decided or will, why, and since when.
ANSWERED = STATE, TOLD, WHO, ANSWER, DATE = (
    "request_state", "request_told", "request_who", "request_answer", "request_date",
)  # fmt: skip
ROLES = ASKED + ANSWERED

CONFIRM, DISPUTE, OVERRIDE, WITHDRAW = "confirm", "dispute", "override", "withdraw"
#: Kind -> the value that it confirms.
CONFIRMS = {f"confirm_{key}": key for key in ("segment", "sub_segment", "value_profile")}
KINDS = (
    PicklistValue(CONFIRM, "Tier is right"),
    PicklistValue(DISPUTE, "Tier is wrong"),
    PicklistValue(OVERRIDE, "Needs another tier"),
    PicklistValue("confirm_segment", "Segment is right"),
    PicklistValue("confirm_sub_segment", "Sub-segment is right"),
    PicklistValue("confirm_value_profile", "Value profile is right"),
    PicklistValue(WITHDRAW, "Take it back"),
)
LABELS = {kind.key: kind.label for kind in KINDS}
#: Where the mark of the request that was taken up last stands in `AccountState.written`, until its fields are empty.
MARK = "asked"
_LONGEST = 255


@dataclass(frozen=True)
class Asked:
    """A request as it stands in a record; each part "" where nothing stands."""

    kind: str
    value: str = ""
    reason: str = ""
    comment: str = ""
    by: str = ""

    @property
    def mark(self) -> str:
        """Short text that two equal requests share."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Answer:
    """What the record says of the newest request. `state`: waiting, accepted, refused, or "" for one taken back."""

    state: str
    told: str
    who: str
    answer: str
    date: str

    def fields(self) -> dict[str, Stored]:
        """By role; of a request that was taken back nothing is left."""
        if not self.state:
            return dict.fromkeys(ANSWERED)
        texts = (self.state, self.told, self.who, self.answer, self.date)
        return {role: shown[:_LONGEST].strip() or None for role, shown in zip(ANSWERED, texts, strict=True)}


def asked(current: Mapping[str, Scalar]) -> Asked | None:
    """The request an account holds, if any. `current`: our values by role. What cannot be printed is left out."""
    kind, *others = (_printable(text(current.get(role)) or "") for role in ASKED)
    return Asked(kind or "?", *others) if text(current.get(REQUEST)) is not None else None


def _printable(found: str) -> str:
    kept = "".join(letter if letter.isprintable() else " " for letter in found)
    return " ".join(kept.split())[:_LONGEST]


def specs(names: Mapping[str, str], model: Model) -> list[FieldSpec]:
    """The fields, where the model wants them."""
    if REQUEST not in names:
        return []
    reasons = tuple(PicklistValue(key, label) for key, label in model.overrides.reasons.items())
    ask = "What you want to say about this tier. It reaches the people who decide with the next run."
    return [
        FieldSpec(
            "account", names[REQUEST], "Tier request", "picklist", ask, values=KINDS, value_set="Tierline_Request",
            people_edit=True,
        ),
        _text(names[VALUE], "Tier request value", "The tier or value it is about, as the card shows it.", edit=True),
        FieldSpec(
            "account", names[REASON], "Tier request reason", "picklist", "Why, from the list.", values=reasons,
            value_set="Tierline_Request_Reason", people_edit=True,
        ),
        _text(names[COMMENT], "Tier request comment", "Why, in a sentence or two.", edit=True),
        _text(names[BY], "Tier request by", "Who asks: filled by the card.", edit=True),
        _text(names[STATE], "Tier answer", "Where the last request stands: waiting, accepted or refused."),
        _text(names[TOLD], "Tier answer to", "What was asked, and by whom."),
        _text(names[WHO], "Tier answer by", "Who decided, or has to."),
        _text(names[ANSWER], "Tier answer reason", "Why it was decided so."),
        FieldSpec("account", names[DATE], "Tier answer date", "date", "When it was decided, or asked if it waits."),
    ]  # fmt: skip


def _text(name: str, label: str, help_: str, *, edit: bool = False) -> FieldSpec:
    return FieldSpec("account", name, label, "text", help_, length=_LONGEST, people_edit=edit)
