"""The data-quality line of an account: what is missing and what to check, short enough for a text field of the CRM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scoring.model.fields import rule_fields
from scoring.model.quality import CUSTOM
from scoring.model.shape import Model
from scoring.quality.finding import Finding
from scoring.quality.values import OUTPUTS
from scoring.rules import lower_first

#: The longest text of a text field.
LONGEST = 255
#: Rules whose finding says that a value is not there.
_MISSING = frozenset({"missing", "owner_missing"})
#: What people call columns that are no field of rules, and what rules about whole records are about.
_COLUMNS = {
    "owner_id": "owner",
    "parent_id": "parent",
    "last_contact_on": "last contact",
    "is_blocked": "block in the ERP",
    "vat_id": "VAT id",
}
_RULES = {"duplicate_account": "possible duplicate"}
#: Records of an account that a line names by their kind: which of them, the findings say.
_KINDS = {"opportunity": "opportunities", "order": "orders"}


def lines(found: Iterable[Finding], model: Model) -> dict[str, str]:
    """Line per account with findings, e.g. "Missing: value profile. Check: sub-segment, owner."

    The same findings make the same line, whatever their order, and a line changes only when another field is meant.
    """
    known = {name: lower_first(field.label) for name, field in rule_fields(model).items()}
    words = {**known, **_COLUMNS, **{str(key): word for key, word in OUTPUTS.items()}}
    words |= {CUSTOM + rule.key: lower_first(rule.title) for rule in model.quality.custom}
    missing: dict[str, set[str]] = {}
    wrong: dict[str, set[str]] = {}
    for each in found:
        if each.account_id:
            kept = missing if each.rule in _MISSING and each.kind == "account" else wrong
            kept.setdefault(each.account_id, set()).add(_word(each, words))
    order = {word: place for place, word in enumerate(OUTPUTS.values())} | dict.fromkeys(_KINDS.values(), 99)

    def ordered(some: set[str]) -> list[str]:
        return sorted(some, key=lambda word: (order.get(word, 98), word))

    return {
        account: _line(ordered(missing.get(account, set())), ordered(wrong.get(account, set())))
        for account in {**missing, **wrong}
    }


def _word(each: Finding, words: Mapping[str, str]) -> str:
    if each.kind != "account":
        return _KINDS.get(each.kind, each.kind)
    meant = each.field or each.rule
    return _RULES.get(each.rule) or words.get(meant) or meant.replace("_", " ")


def _line(missing: Sequence[str], wrong: Sequence[str]) -> str:
    """As much of it as fits, and how many more there are."""
    told = [("Missing", word) for word in missing] + [("Check", word) for word in wrong if word not in missing]
    for shown in range(len(told), 0, -1):
        parts = [
            f"{head}: {', '.join(word for each, word in told[:shown] if each == head)}"
            for head in dict.fromkeys(head for head, _ in told[:shown])
        ]
        more = f" and {len(told) - shown} more" if shown < len(told) else ""
        text = f"{'. '.join(parts)}{more}."
        if len(text) <= LONGEST:
            return text
    return f"Check: {len(told)} fields."
