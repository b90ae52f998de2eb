"""Why Salesforce refused a record: its status codes as sentences, with what to do about each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """One refusal in words. `retryable`: the same record may be accepted if sent again."""

    sentence: str
    next_step: str
    retryable: bool = False


_GRANT = "Give the integration user edit access to the record's object and fields, and check sharing."
_GONE = "Nothing to do: the record leaves the mirror with the next read."
_AUTOMATION = "Look at the flow or trigger the message names: it fails when the record is saved."

#: code -> sentence ({fields} and {message} are filled in), next step, retryable
REASONS: Mapping[str, Reason] = {
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Reason(
        "The value is not in the picklist {fields}, or not in the list of this record's record type.",
        "Run the schema plan; if it shows no change, add the value to the record type or exclude the record.",
    ),
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": Reason(
        "A validation rule of the org refused the change: {message}",
        "Correct the record, or let the integration user bypass the rule.",
    ),
    "FIELD_FILTER_VALIDATION_EXCEPTION": Reason(
        "A lookup filter of the org refused the change: {message}",
        "Correct the related record, or relax the lookup filter for the integration user.",
    ),
    "REQUIRED_FIELD_MISSING": Reason(
        "The record lacks a value that the org requires: {fields}.",
        "Fill the field on the record; the next run sends the change again.",
    ),
    "STRING_TOO_LONG": Reason(
        "The text is longer than {fields} takes.", "Lengthen the field in Salesforce, or run the schema plan."
    ),
    "NUMBER_OUTSIDE_VALID_RANGE": Reason(
        "The number does not fit into {fields}.",
        "Give the field more digits in Salesforce, or run the schema plan.",
    ),
    "INVALID_TYPE_ON_FIELD_IN_RECORD": Reason(
        "{fields} takes another type of value.", "Run the schema plan: it names the field whose type differs."
    ),
    "INVALID_FIELD_FOR_INSERT_UPDATE": Reason(
        "{fields} may not be written by the integration user.", "Give it edit access to the field."
    ),
    "INVALID_FIELD": Reason(
        "The org has no such field, or the integration user cannot see it: {message}",
        "Run the schema plan, or grant the integration user access to the field.",
    ),
    "INSUFFICIENT_ACCESS_OR_READONLY": Reason("The integration user may not edit this record.", _GRANT),
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Reason(
        "The integration user may not see a record that this one refers to.", _GRANT
    ),
    "CANNOT_UPDATE_CONVERTED_LEAD": Reason("A converted lead cannot be changed.", "Nothing to do."),
    "ENTITY_IS_DELETED": Reason("The record was deleted, or merged into another one.", _GONE),
    "NOT_FOUND": Reason("The record no longer exists.", _GONE),
    "INVALID_CROSS_REFERENCE_KEY": Reason("The record, or one it refers to, does not exist any more.", _GONE),
    "MALFORMED_ID": Reason("The record's id is not one of Salesforce's.", "Read the accounts again with a full run."),
    "ENTITY_IS_LOCKED": Reason(
        "The record is locked by an approval process.",
        "Finish or recall the approval; the next run sends it again.",
    ),
    "UNABLE_TO_LOCK_ROW": Reason(
        "Another process was changing this record, or its parent, at the same moment.",
        "It is tried again; if it stays, look for a data load or flow that runs at the same time.",
        retryable=True,
    ),
    "DUPLICATES_DETECTED": Reason(
        "A duplicate rule of the org refused the change.",
        "Merge the duplicates, or set the rule to allow with an alert.",
    ),
    "DUPLICATE_VALUE": Reason(
        "Another record already holds this value of {fields}.",
        "Find the two records and correct one of them.",
    ),
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Reason("Apex code of the org refused the change: {message}", _AUTOMATION),
    "CANNOT_EXECUTE_FLOW_TRIGGER": Reason("A flow of the org failed on the change: {message}", _AUTOMATION),
    "APEX_ERROR": Reason("Apex code of the org failed on the change: {message}", _AUTOMATION),
    "INACTIVE_OWNER_OR_USER": Reason(
        "The owner is no longer active in Salesforce.",
        "Give the record an active owner; alerts go to the manager.",
    ),
    "OPERATION_WITH_INACTIVE_USER": Reason(
        "The owner is no longer active in Salesforce.",
        "Give the record an active owner; alerts go to the manager.",
    ),
    "STORAGE_LIMIT_EXCEEDED": Reason("The org's storage is full.", "Free storage in Salesforce, then run again."),
    "LIMIT_EXCEEDED": Reason(
        "A limit of the org is reached: {message}",
        "Raise the limit, or run when less is going on.",
        retryable=True,
    ),
    "ALL_OR_NONE_OPERATION_ROLLED_BACK": Reason(
        "The record was fine, but another record of the same call was refused.",
        "It is sent again.",
        retryable=True,
    ),
    "UNKNOWN_EXCEPTION": Reason(
        "Salesforce failed inside: {message}",
        "It is tried again; if it stays, give the error id to Salesforce support.",
        retryable=True,
    ),
    "SERVER_UNAVAILABLE": Reason("Salesforce was busy.", "It is tried again.", retryable=True),
}


def explain(code: str, message: str, fields: tuple[str, ...] = ()) -> Reason:
    """The reason for a refused record; Salesforce's own words where the code is not a common one."""
    known = REASONS.get(code)
    text = " ".join(message.split()) or "no explanation was given"
    text = text if text.endswith(".") else f"{text}."
    if known is None:
        return Reason(
            f"Salesforce refused the change: {text}", f"Look up {code or 'the message'} in its documentation."
        )
    sentence = known.sentence.replace("{fields}", ", ".join(fields) or "one of its fields").replace("{message}", text)
    return Reason(sentence, known.next_step, known.retryable)
