"""Data-quality rules: what is wrong or missing in the CRM's records, in words their owner understands.

Pure: records go in, findings come out. Who is told, and when, is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from scoring.model.quality import CUSTOM
from scoring.quality import across
from scoring.quality.cadence import CadenceMissed
from scoring.quality.classification import Contradicts, DefaultShare, Stale, UnlikeRules
from scoring.quality.crms_differ import CrmsDiffer
from scoring.quality.currency import NoExchangeRate
from scoring.quality.custom import Custom, tested
from scoring.quality.duplicates import DuplicateAccount
from scoring.quality.erp import CrmErpDisagree
from scoring.quality.figures import CloseDatePassed, FutureDate, NegativeAmount, OutOfRange
from scoring.quality.finding import Checked, Finding, Problem, Rule, name_of
from scoring.quality.groups import GroupStructure
from scoring.quality.labels import UnknownLabel, UnknownProduct
from scoring.quality.line import lines
from scoring.quality.ownership import OrphanRecord, OwnerInactive, OwnerMissing
from scoring.quality.relations import ParentChild
from scoring.quality.scores import Score
from scoring.quality.scores import scores as figures
from scoring.quality.stages import MissingAtStage
from scoring.quality.values import MissingValue, SubSegmentOfSegment, ValueNotInList

__all__ = ["CUSTOM", "RULES", "Checked", "Finding", "Problem", "Rule", "Score", "check", "figures", "lines", "tested"]

ORDER = "order"

RULES: tuple[Rule, ...] = (
    MissingValue(),
    ValueNotInList(),
    SubSegmentOfSegment(),
    Contradicts(),
    UnlikeRules(),
    Stale(),
    DefaultShare(),
    ParentChild(),
    OwnerMissing(),
    OwnerInactive(),
    OrphanRecord(),
    UnknownLabel(),
    UnknownProduct(),
    NoExchangeRate(),
    CadenceMissed(),
    MissingAtStage(),
    OutOfRange(),
    NegativeAmount(),
    FutureDate(),
    CloseDatePassed(),
    DuplicateAccount(),
    CrmErpDisagree(),
    CrmsDiffer(),
    GroupStructure(),
)


class _AccountOwners:
    """Orders have no owner of their own: whoever owns the account hears of them."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked

    def of(self, problem: Problem) -> str:
        return self._known.get(problem.account_id or "", "") if problem.kind == ORDER else ""

    @cached_property
    def _known(self) -> dict[str, str]:
        accounts = across.of(self._checked).accounts
        return dict(zip(accounts["id"], accounts["owner"], strict=True))


def check(checked: Checked, more: Sequence[Rule] = ()) -> list[Finding]:
    """Everything the model's rules find, by rule and then by record id.

    `more`: rules written in Python, beside the built-in ones and those of the model file.
    """
    model, owners = checked.model, _AccountOwners(checked)
    found = []
    for rule in (*RULES, *(Custom(each) for each in model.quality.custom if each.enabled), *more):
        chosen = model.quality.rules.of(rule.id)
        if not chosen.enabled:
            continue
        severity = chosen.severity or rule.severity
        for problem in rule.problems(checked):
            owner = problem.record.get("owner_id") or owners.of(problem)
            found.append(
                Finding(
                    rule=rule.id,
                    kind=problem.kind,
                    record_id=str(problem.record["id"]),
                    record_name=name_of(problem.record),
                    account_id=problem.account_id,
                    owner_id=str(owner) if owner else None,
                    field=problem.field,
                    value=problem.value,
                    severity=severity,
                    message=problem.message,
                    fix=problem.fix,
                    against=problem.against,
                )
            )
    return found
