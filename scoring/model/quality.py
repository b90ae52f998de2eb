"""Model section `quality`: which data-quality rules are on, how strict each is, and the rules a company adds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, model_validator

from scoring.model.conditions import STRICT, Condition, Text
from scoring.model.mandatory import ChosenValue
from scoring.model.tiers import Key, Share

Severity = Literal["high", "medium", "low"]
RuleKey = Literal[
    "missing",
    "not_in_list",
    "sub_segment_of_segment",
    "contradicts",
    "unlike_rules",
    "stale",
    "default_share",
    "parent_child",
    "owner_missing",
    "owner_inactive",
    "orphan_record",
    "unknown_label",
    "unknown_product",
    "no_exchange_rate",
    "cadence_missed",
    "group_structure",
    "missing_at_stage",
    "out_of_range",
    "negative_amount",
    "future_date",
    "close_date_passed",
    "duplicate_account",
    "crm_erp_disagree",
    "crms_differ",
]
#: Before the key of a rule of the model file, so that it can never take the id of a built-in one.
CUSTOM = "custom_"
Sentence = Annotated[str, Field(min_length=3, max_length=200, pattern=r"^\S(.*\S)?$")]


class Part(BaseModel):
    model_config = STRICT


class QualityRule(Part):
    """Whether a data-quality rule is on, and how severe its findings are (None: the rule's own default)."""

    enabled: bool = True
    severity: Severity | None = None


class Stale(QualityRule):
    """`months` since a value was set, after which somebody should look at it when no rule confirms it."""

    months: Annotated[int, Field(ge=1, le=240, strict=True)] = 24


class DefaultShare(QualityRule):
    """When an owner's favourite value is suspicious.

    Attributes:
        share: of the owner's customers that hold it, at least.
        above: by how much that exceeds its share among everybody else's, and what the rules give this owner's.
        at_least: customers an owner must have before shares say anything.
    """

    share: Share = 0.6
    above: Share = 0.25
    at_least: Annotated[int, Field(ge=5, le=100_000, strict=True)] = 20


class ParentChild(QualityRule):
    """`agree`: the values that a company of a group must share with its parent."""

    agree: tuple[ChosenValue, ...] = ()


class MissingAtStage(QualityRule):
    """`stages`: what an open deal needs at a stage: columns of the deal, or values of its account."""

    stages: Mapping[Text, Annotated[tuple[Key, ...], Field(min_length=1)]] = {}


class Range(Part):
    """Bounds that a figure stays within; both are allowed values. Money is in whole units of the currency."""

    min: Annotated[float, Field(strict=True)] | None = None
    max: Annotated[float, Field(strict=True)] | None = None

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min is None and self.max is None:
            raise ValueError("a range needs `min` or `max`")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"`min` {self.min:g} is greater than `max` {self.max:g}")
        return self


class OutOfRange(QualityRule):
    """`fields`: bounds per number or amount of the account."""

    fields: Mapping[Key, Range] = {}


class CloseDatePassed(QualityRule):
    """`days` that an open deal may be past its closing date."""

    days: Annotated[int, Field(ge=0, le=3650, strict=True)] = 30


class DuplicateAccount(QualityRule):
    """`similarity` (0-100) of two names from which the accounts may be one company."""

    similarity: Annotated[float, Field(ge=70, le=100, strict=True)] = 90


Side = Literal["crm", "erp"]
ErpKey = Literal["name", "country", "industry", "currency", "external_id", "vat_id", "is_blocked"]


class ErpColumn(Part):
    """A column that CRM and ERP should agree on.

    Attributes:
        trust: which of the two is believed where they differ.
        codes: what a code of either stands for in the other ("FI" -> "Finland"); the vocabulary's labels count too.
    """

    trust: Side = "erp"
    codes: Mapping[Text, Text] = {}

    @model_validator(mode="before")
    @classmethod
    def _side_alone(cls, value: Any) -> Any:
        return {"trust": value} if isinstance(value, str) else value


class CrmErpDisagree(QualityRule):
    """`columns`: those compared with the ERP's customers, each with the side that is trusted; others are not."""

    columns: Mapping[ErpKey, ErpColumn] = {
        "name": ErpColumn(trust="crm"),
        "country": ErpColumn(),
        "currency": ErpColumn(),
        "vat_id": ErpColumn(),
        "is_blocked": ErpColumn(),
    }


class Rules(Part):
    """One entry per rule; a rule not named is on with its defaults."""

    missing: QualityRule = QualityRule()
    not_in_list: QualityRule = QualityRule()
    sub_segment_of_segment: QualityRule = QualityRule()
    contradicts: QualityRule = QualityRule()
    unlike_rules: QualityRule = QualityRule()
    stale: Stale = Stale()
    default_share: DefaultShare = DefaultShare()
    parent_child: ParentChild = ParentChild()
    owner_missing: QualityRule = QualityRule()
    owner_inactive: QualityRule = QualityRule()
    orphan_record: QualityRule = QualityRule()
    unknown_label: QualityRule = QualityRule()
    unknown_product: QualityRule = QualityRule()
    no_exchange_rate: QualityRule = QualityRule()
    cadence_missed: QualityRule = QualityRule()
    group_structure: QualityRule = QualityRule()
    missing_at_stage: MissingAtStage = MissingAtStage()
    out_of_range: OutOfRange = OutOfRange()
    negative_amount: QualityRule = QualityRule()
    future_date: QualityRule = QualityRule()
    close_date_passed: CloseDatePassed = CloseDatePassed()
    duplicate_account: DuplicateAccount = DuplicateAccount()
    crm_erp_disagree: CrmErpDisagree = CrmErpDisagree()
    crms_differ: QualityRule = QualityRule()

    def of(self, rule: str) -> QualityRule:
        """What the model says about a rule; the defaults for one it cannot know, such as a rule of a package."""
        found: QualityRule = getattr(self, rule, QualityRule())
        return found


class Contradiction(Part):
    """Where `when` holds of an account, only these values fit.

    Attributes:
        because: why, in words for the owner; left out, the account's own value is named.
    """

    when: Condition
    segment: tuple[Key, ...] = ()
    sub_segment: tuple[Key, ...] = ()
    value_profile: tuple[Key, ...] = ()
    because: Sentence | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Contradiction:
        if not (self.segment or self.sub_segment or self.value_profile):
            raise ValueError("name the values that fit: segment, sub_segment or value_profile")
        return self


class CustomRule(Part):
    """A rule of the company's own: a customer of which `when` holds is a finding.

    Attributes:
        message: what is wrong, as a sentence without the account's name.
        field: column or value of the account that has to be changed.
    """

    key: Key
    title: Annotated[str, Field(min_length=3, max_length=60)]
    when: Condition
    message: Sentence
    fix: Sentence
    field: Key | None = None
    severity: Severity = "medium"
    enabled: bool = True


class DueDays(Part):
    """Days until a finding is due, by severity."""

    high: Annotated[int, Field(ge=0, le=365, strict=True)] = 7
    medium: Annotated[int, Field(ge=0, le=365, strict=True)] = 14
    low: Annotated[int, Field(ge=0, le=365, strict=True)] = 30


class Quality(Part):
    """Data-quality rules, those of the company's own, and how soon a finding is due.

    Attributes:
        publish: whether each account carries a text field that says what is missing and what to check.
    """

    rules: Rules = Rules()
    contradictions: tuple[Contradiction, ...] = ()
    custom: tuple[CustomRule, ...] = ()
    due_days: DueDays = DueDays()
    publish: bool = True
