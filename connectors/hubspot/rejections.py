"""Why HubSpot refused a record: its codes as sentences, with what to do about each."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.base import WriteResult
from connectors.hubspot.errors import Fault

#: What is wrong with single properties stands as JSON inside the message.
_INSIDE = re.compile(r"\[\s*\{.*\}\s*\]", re.S)
_GONE = "Nothing to do: the record leaves the mirror with the next read."
_PLAN = "Run the schema plan: it names the property whose type differs."


@dataclass(frozen=True)
class Reason:
    """One refusal in words. `retryable`: the same record may be accepted if sent again."""

    sentence: str
    next_step: str
    retryable: bool = False


#: code -> sentence ({fields} and {message} are filled in), next step, retryable
REASONS: Mapping[str, Reason] = {
    "INVALID_OPTION": Reason(
        "The value is not among the options of {fields}.",
        "Run the schema plan; if it shows no change, look at the property's options in HubSpot's settings.",
    ),
    "INVALID_INTEGER": Reason("{fields} takes whole numbers only.", _PLAN),
    "INVALID_NUMBER": Reason("{fields} takes numbers only.", _PLAN),
    "INVALID_DOUBLE": Reason("{fields} takes numbers only.", _PLAN),
    "INVALID_LONG": Reason("{fields} takes whole numbers only.", _PLAN),
    "INVALID_DATE": Reason("{fields} takes days only.", _PLAN),
    "INVALID_BOOLEAN": Reason("{fields} takes yes or no only.", _PLAN),
    "STRING_TOO_LONG": Reason("The text is longer than {fields} takes.", "Shorten what the model writes there."),
    "READ_ONLY_VALUE": Reason(
        "{fields} may not be written through the API.", "Name another property in the model, or make this one editable."
    ),
    "PROPERTY_DOESNT_EXIST": Reason(
        "HubSpot has no property {fields}.", "Run the schema plan: it installs what is missing."
    ),
    "OBJECT_NOT_FOUND": Reason("The record was deleted, or merged into another one.", _GONE),
    "OBJECT_ALREADY_EXISTS": Reason(
        "Another record already holds this value of {fields}.", "Find the two records and correct one of them."
    ),
    "CONFLICT": Reason(
        "The change is in conflict with another record: {message}", "Find the two records and correct one of them."
    ),
    "INVALID_OWNER_ID": Reason(
        "The owner is no longer active in HubSpot.", "Give the record an active owner; alerts go to the manager."
    ),
    "FORBIDDEN": Reason("Our app may not edit this record.", "Check the app's scopes and its user's permissions."),
    "LOCKED": Reason(
        "Another process was changing this record at the same moment.", "It is tried again.", retryable=True
    ),
    "INTERNAL_ERROR": Reason("HubSpot failed inside: {message}", "It is tried again.", retryable=True),
}
#: HubSpot has several names for a text that is too long, and for a record that is gone.
_ALSO = {
    "INVALID_LENGTH": "STRING_TOO_LONG",
    "PROPERTY_TOO_LONG": "STRING_TOO_LONG",
    "TOO_LONG": "STRING_TOO_LONG",
    "PROPERTY_VALUE_TOO_LONG": "STRING_TOO_LONG",
    "NOT_FOUND": "OBJECT_NOT_FOUND",
    "404": "OBJECT_NOT_FOUND",
    "409": "CONFLICT",
}


def refusal(record_id: str, fault: Fault) -> WriteResult:
    """The result for a record that was refused for this reason."""
    wrong = wrong_values(fault)
    code = str(wrong[0].get("error") or "") if wrong else ""
    code = code or fault.sub_category.rsplit(".", 1)[-1] or fault.category or str(fault.status)
    fields = tuple(dict.fromkeys(str(each["name"]) for each in wrong if each.get("name")))
    words = str(wrong[0].get("message") or fault.message) if wrong else fault.message
    reason = explain(code if _known(code) else fault.category or code, words, fields)
    return WriteResult(record_id, False, code, reason.sentence, reason.next_step, fields, reason.retryable)


def wrong_values(fault: Fault) -> Sequence[Mapping[str, Any]]:
    """What HubSpot says of single properties: name, error, message."""
    inside = _INSIDE.search(fault.message)
    if inside:
        try:
            found = json.loads(inside[0])
        except ValueError:
            found = []
        if entries := [each for each in found if isinstance(each, dict)]:
            return entries
    named = fault.context.get("propertyName") or fault.context.get("name")
    if isinstance(named, list) and named:
        return [{"name": str(name), "error": fault.sub_category.rsplit(".", 1)[-1]} for name in named]
    return [
        {"name": each.get("in") or "", "error": each.get("code") or "", "message": each.get("message") or ""}
        for each in fault.details
    ]


def _known(code: str) -> bool:
    return code in REASONS or code in _ALSO


def explain(code: str, message: str, fields: tuple[str, ...] = ()) -> Reason:
    """The reason for a refused record; HubSpot's own words where the code is not a common one."""
    known = REASONS.get(_ALSO.get(code, code))
    text = " ".join(message.split()) or "no explanation was given"
    text = text if text.endswith(".") else f"{text}."
    if known is None:
        return Reason(f"HubSpot refused the change: {text}", f"Look up {code or 'the message'} in its documentation.")
    sentence = known.sentence.replace("{fields}", ", ".join(fields) or "one of its properties")
    return Reason(sentence.replace("{message}", text), known.next_step, known.retryable)
