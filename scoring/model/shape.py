"""The shape of a model file: segmentation as code, one pydantic type per section.

Keys (of segments, profiles ...) are the picklists' API names and never change; labels may. Nothing here reads a file:
`scoring.model` does, and adds file, line and key to every error.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, Field, field_validator

from scoring.model.alerts import Alerts
from scoring.model.answers import Answers
from scoring.model.conditions import STRICT, Condition, Text
from scoring.model.days import MONDAY_TO_FRIDAY, WorkingDays
from scoring.model.follow_up import FollowUp
from scoring.model.groups import Groups
from scoring.model.lifetime import LifetimeRules
from scoring.model.mandatory import Mandatory
from scoring.model.overrides import Overrides
from scoring.model.owners import OwnerRule
from scoring.model.places import Detail, Leads, Opportunities, Requests, Retired
from scoring.model.playbook import Playbook
from scoring.model.quality import DueDays as DueDays
from scoring.model.quality import Quality
from scoring.model.quality import RuleKey as RuleKey
from scoring.model.quality import Severity as Severity
from scoring.model.risk import Risk
from scoring.model.tiers import Component, Key, Label, Share, Tiers, Weight
from scoring.model.two_crms import TwoCrms
from scoring.model.units import BusinessUnits

Amount = Annotated[float, Field(ge=0, le=1_000_000, strict=True)]
OutputKey = Literal["segment", "sub_segment", "value_profile", "tier"]
#: Kinds that a company may keep in an object of its own.
TransactionKind = Literal["product", "order", "order_line", "ticket", "activity", "contract", "invoice", "return"]

#: Names of the fields we publish to, per CRM and role, unless the model file names others.
_SALESFORCE: Mapping[str, str] = {
    "segment": "Tierline_Segment__c",
    "segment_source": "Tierline_Segment_Source__c",
    "segment_date": "Tierline_Segment_Date__c",
    "segment_why": "Tierline_Segment_Why__c",
    "segment_suggestion": "Tierline_Segment_Suggestion__c",
    "sub_segment": "Tierline_Sub_Segment__c",
    "sub_segment_source": "Tierline_Sub_Segment_Source__c",
    "sub_segment_date": "Tierline_Sub_Segment_Date__c",
    "sub_segment_why": "Tierline_Sub_Segment_Why__c",
    "sub_segment_suggestion": "Tierline_Sub_Segment_Suggestion__c",
    "value_profile": "Tierline_Value_Profile__c",
    "value_profile_source": "Tierline_Value_Profile_Source__c",
    "value_profile_date": "Tierline_Value_Profile_Date__c",
    "value_profile_why": "Tierline_Value_Profile_Why__c",
    "value_profile_suggestion": "Tierline_Value_Profile_Suggestion__c",
    "tier": "Tierline_Tier__c",
    "tier_since": "Tierline_Tier_Since__c",
    "tier_reason": "Tierline_Tier_Reason__c",
    "tier_suggestion": "Tierline_Tier_Suggestion__c",
    "group_tier": "Tierline_Group_Tier__c",
    "data_quality": "Tierline_Data_Quality__c",
    "request": "Tierline_Request__c",
    "request_value": "Tierline_Request_Value__c",
    "request_reason": "Tierline_Request_Reason__c",
    "request_comment": "Tierline_Request_Comment__c",
    "request_by": "Tierline_Request_By__c",
    "request_state": "Tierline_Answer__c",
    "request_told": "Tierline_Answer_To__c",
    "request_who": "Tierline_Answer_By__c",
    "request_answer": "Tierline_Answer_Reason__c",
    "request_date": "Tierline_Answer_Date__c",
    "detail_value_score": "Tierline_Value_Score__c",
    "detail_cost_to_serve": "Tierline_Cost_To_Serve__c",
    "detail_position": "Tierline_Position__c",
    "detail_reasons": "Tierline_Reasons__c",
    "detail_beside": "Tierline_Other_Tiers__c",
    "detail_warnings": "Tierline_Early_Warnings__c",
    "detail_nearest": "Tierline_Nearest_Change__c",
    "detail_cause": "Tierline_Cause__c",
    "detail_override": "Tierline_Override__c",
    "detail_waiting": "Tierline_Waiting_Move__c",
    "detail_problem": "Tierline_Problem__c",
    "detail_missing": "Tierline_Missing_Inputs__c",
    "detail_playbook": "Tierline_Playbook__c",
    "detail_last_contact": "Tierline_Last_Contact__c",
    "detail_scored_on": "Tierline_Scored_On__c",
}
DEFAULT_NAMES: Mapping[str, Mapping[str, str]] = {
    "salesforce": _SALESFORCE,
    "hubspot": {role: name.removesuffix("__c").lower() for role, name in _SALESFORCE.items()},
}


class Part(BaseModel):
    """A section of the model file: unknown keys are errors, and nothing changes after reading."""

    model_config = STRICT


class Clock(Part):
    """When the date that is scored for moves on, and how often formula fields are read again.

    Attributes:
        formula_days: days between two whole reads of a kind that has a formula, or a field of a related record, among
            its columns; these change without the record's time stamp. 0: never.
    """

    period: Literal["month", "quarter", "after_newest_transaction"] = "month"
    formula_days: Annotated[int, Field(ge=0, le=366, strict=True)] = 1


class Attribute(Part):
    """An extra CRM field of the account that rules may use. Where it is in a CRM stands under `crm`."""

    label: Label | None = None
    type: Literal["text", "number"] = "text"


class Vocabulary(Part):
    """The values an attribute may have, and what its old or misspelt labels stand for (reviewed by a person)."""

    values: Annotated[tuple[Text, ...], Field(min_length=1)]
    labels: Mapping[Text, Text] = {}


class ScopeRule(Part):
    """Every customer meets `require`; any other account is out of scope, and `otherwise` says why."""

    require: Condition
    otherwise: Annotated[str, Field(min_length=3, max_length=160)]


class SubSegment(Part):
    """Chosen within its segment; its first rule that holds decides."""

    key: Key
    label: Label
    description: str = ""
    rules: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Segment(Part):
    """A group of customers by what they are (macro segmentation)."""

    key: Key
    label: Label
    description: str = ""
    rules: Annotated[tuple[Condition, ...], Field(min_length=1)]
    sub_segments: tuple[SubSegment, ...] = ()


class AxisClass(Part):
    """One class on an axis of the value-profile matrix."""

    key: Key
    label: Label
    rules: Annotated[tuple[Condition, ...], Field(min_length=1)]


class Axis(Part):
    """One axis of the value-profile matrix; its classes are tried in order."""

    key: Key
    label: Label
    classes: Annotated[tuple[AxisClass, ...], Field(min_length=2)]


class Cell(Part):
    """Cells of the matrix that share one profile: per axis the classes meant; an axis left out means all."""

    where: Mapping[Key, Annotated[tuple[Key, ...], Field(min_length=1)]] = {}
    profile: Key


Advice = Annotated[str, Field(min_length=1, max_length=200)]


class Profile(Part):
    """What a group of customers values, and what a seller who meets one for the first time should know.

    Attributes:
        proposition: what we offer them. do, dont: what works with them, and what does not.
    """

    key: Key
    label: Label
    description: str = ""
    proposition: str = ""
    do: tuple[Advice, ...] = ()
    dont: tuple[Advice, ...] = ()


class Driver(Part):
    """Something customers value, e.g. delivery speed."""

    key: Key
    label: Label


class Ranking(Part):
    """One project's value drivers, most important first, as experts ranked them (not rated: ranked)."""

    project: Text
    cell: Mapping[Key, Key] = {}
    profile: Key | None = None
    drivers: Annotated[tuple[Key, ...], Field(min_length=2)]


class ValueProfile(Part):
    """The value-profile matrix (micro segmentation)."""

    axes: Annotated[tuple[Axis, ...], Field(min_length=1)]
    profiles: Annotated[tuple[Profile, ...], Field(min_length=1)]
    cells: Annotated[tuple[Cell, ...], Field(min_length=1)]
    drivers: tuple[Driver, ...] = ()
    rankings: tuple[Ranking, ...] = ()


class Windows(Part):
    """How far back transactions count, in months before the date scored for."""

    months: Annotated[int, Field(ge=1, le=120, strict=True)] = 12


Unknown = Literal["zero", "middle", "leave_out"]
#: Who never bought has no money, recency or frequency: that is known. What nobody rated or measured says nothing.
UNKNOWN: Mapping[Component, Unknown] = {
    "money": "zero", "recency": "zero", "frequency": "zero", "potential": "zero", "loyalty": "zero",
    "engagement": "zero", "growth": "leave_out", "fit": "leave_out", "lifetime": "zero",
}  # fmt: skip


class FitRating(Part):
    """Attributes of the account with a rating from 1 to 5, and with the date of it: an older one counts as none."""

    rating: Key
    rated_on: Key | None = None
    rated_by: Key | None = None
    valid_months: Annotated[int, Field(ge=1, le=120, strict=True)] = 12


class Value(Part):
    """What a customer is worth, before cost to serve.

    Attributes:
        revenue_from: the records revenue is read from; a won opportunity counts on its closing date.
        basis: "margin" is revenue minus product cost. "auto" takes it where product cost is known for at
            least `cost_known_share` of the revenue in scope, else revenue: one basis for all customers.
        components: weight per component of the value score; they add up to 100.
        unknown: what stands in for a component that is not known of a customer: no points, the middle (50), or
            nothing, so that its weight goes to the others. A component not named has the rule of `UNKNOWN`.
        fit: the attribute that holds the rating of strategic fit.
        engagement: attributes that say what a customer does beside buying: pilot, reference, feedback (yes or 1-5).
        excluded_order_statuses: orders with these statuses do not count (case is ignored).
    """

    revenue_from: Literal["order_lines", "orders", "opportunities"] = "order_lines"
    basis: Literal["auto", "margin", "revenue"] = "auto"
    cost_known_share: Share = 0.8
    components: Mapping[Component, Weight] = {"money": 100}
    unknown: Mapping[Component, Unknown] = {}
    fit: FitRating | None = None
    engagement: tuple[Key, ...] = ()
    windows: Windows = Windows()
    excluded_order_statuses: tuple[Text, ...] = ("Draft", "Cancelled", "Canceled")

    @field_validator("components")
    @classmethod
    def _weights_add_up(cls, weights: Mapping[str, float]) -> Mapping[str, float]:
        if abs(sum(weights.values()) - 100) > 1e-9:
            raise ValueError(f"the weights must add up to 100; they add up to {sum(weights.values()):g}")
        return weights


class Work(Part):
    """Working time that one activity takes, and whose time it is."""

    role: Key
    minutes: Amount


class SmallOrder(Work):
    """Extra work of an order below this amount (in the currency)."""

    below: Annotated[float, Field(gt=0, strict=True)]


class TicketWork(Part):
    """Working time per ticket by priority as the CRM names it; `other` for every other priority."""

    role: Key
    minutes: Mapping[Text, Amount] = {}
    other: Amount = 0


class RateCard(Part):
    """Minutes per activity; an activity left out costs nothing.

    Attributes:
        dispute: per disputed invoice.
        return_: per return (`return` in the file).
        late_payment: per invoice that was paid late, or is overdue.
        onboarding: once per account, in the window in which it first bought.
    """

    order: Work | None = None
    order_line: Work | None = None
    small_order: SmallOrder | None = None
    expedited_order: Work | None = None
    ticket: TicketWork | None = None
    visit: Work | None = None
    call: Work | None = None
    deal_won: Work | None = None
    deal_lost: Work | None = None
    deal_open: Work | None = None
    dispute: Work | None = None
    return_: Annotated[Work | None, Field(alias="return")] = None
    late_payment: Work | None = None
    onboarding: Work | None = None


class CostMoney(Part):
    """Money items that count as cost to serve.

    With `discount` the value axis is taken before discounts, so that they do not count twice.
    """

    freight: bool = False
    discount: bool = False


class CostRating(Part):
    """What stands in for measured cost: an account's rating from 1 to 5.

    It counts only for an account of which nothing on the rate card is on record in the window.

    Attributes:
        attribute: holds the rating.
        per_hundred: cost per 100 of margin (or revenue) that a rating of 1, 2, 3, 4 and 5 stands for.
    """

    attribute: Key
    per_hundred: Annotated[tuple[Amount, ...], Field(min_length=5, max_length=5)]


class CostToServe(Part):
    """Time-driven activity-based cost (Kaplan & Anderson 2004): minutes times cost per minute, plus money items.

    Attributes:
        capacity: what a role cost in all in a window, in whole units: the share that no account's activities explain is
            then told with every calibration.
        rating: the estimate for accounts of which nothing is on record.
    """

    cost_per_minute: Mapping[Key, Amount] = {}
    activities: RateCard = RateCard()
    money: CostMoney = CostMoney()
    capacity: Mapping[Key, Annotated[float, Field(gt=0, strict=True)]] = {}
    rating: CostRating | None = None


class FieldPolicy(Part):
    """How a published value is written, and whether an account without it is a finding."""

    policy: Literal["machine", "fill", "suggest"]
    mandatory: bool = False


class Fields(Part):
    """Policy per published value."""

    segment: FieldPolicy = FieldPolicy(policy="fill", mandatory=True)
    sub_segment: FieldPolicy = FieldPolicy(policy="fill", mandatory=True)
    value_profile: FieldPolicy = FieldPolicy(policy="fill", mandatory=True)
    tier: FieldPolicy = FieldPolicy(policy="machine")


class Guard(Part):
    """How far one run may move things before it waits for a person's approval.

    Attributes:
        tiers_moved, downgrades, tiers_lost: share of the accounts that have a tier in the CRM.
        source_shrinks: share of the records of one kind that may be missing since the last run.
        segments_may_empty: whether a segment that had customers may be left without any.
        at_least: fewer records than this never hold a run.
    """

    tiers_moved: Share = 0.15
    downgrades: Share = 0.1
    tiers_lost: Share = 0.05
    source_shrinks: Share = 0.2
    segments_may_empty: bool = False
    at_least: Annotated[int, Field(ge=1, strict=True)] = 20


class Administrator(Part):
    """The person a problem ends at when nobody in the CRM can be found."""

    name: Text
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$", max_length=254)]


class CrmFields(Part):
    """One CRM: where columns are found, by record kind, and the names of the fields we publish to.

    `objects` names another object for a kind, e.g. order: Invoice__c; its columns then all stand under `fields`.
    `names` holds every role of a published value: "segment", "segment_source", "segment_date" ...
    """

    fields: Mapping[Text, Mapping[Text, Text]] = {}
    objects: Mapping[TransactionKind, Text] = {}
    names: Mapping[Text, Text] = {}


class Model(Part):
    """A segmentation model. Read one with `scoring.model.load`."""

    name: Label
    description: str = ""
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    clock: Clock = Clock()
    attributes: Mapping[Key, Attribute | None] = {}
    vocabulary: Mapping[Key, Vocabulary] = {}
    scope: tuple[ScopeRule, ...] = ()
    segments: Annotated[tuple[Segment, ...], Field(min_length=1)]
    value_profile: ValueProfile
    value: Value = Value()
    cost_to_serve: CostToServe = CostToServe()
    tiers: Tiers = Tiers.model_validate({})
    clv: LifetimeRules | None = None
    groups: Groups = Groups()
    business_units: BusinessUnits = BusinessUnits()
    risk: Risk = Risk()
    fields: Fields = Fields()
    quality: Quality = Quality()
    mandatory: Mandatory = Mandatory()
    guard: Guard = Guard()
    detail: Detail = Detail()
    opportunities: Opportunities = Opportunities()
    leads: Leads = Leads()
    requests: Requests = Requests()
    overrides: Overrides = Overrides()
    retired: Retired = Retired()
    two_crms: TwoCrms = TwoCrms()
    playbook: Playbook = {}
    owners: tuple[OwnerRule, ...] = ()
    answers: Answers = Answers()
    working_days: WorkingDays = MONDAY_TO_FRIDAY
    follow_up: FollowUp = FollowUp()
    alerts: Alerts = Alerts()
    administrator: Administrator | None = None
    crm: Mapping[Literal["salesforce", "hubspot"], CrmFields] = {}

    def fingerprint(self) -> str:
        """SHA-256 of the canonical content: comments, blanks and the order of keys do not change it."""
        content = self.model_dump(mode="json", by_alias=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def crm_fields(self, connector: str) -> Mapping[str, Mapping[str, str]]:
        """Record kind -> column -> field path, as the model maps them for this connector."""
        own = {str(key): fields for key, fields in self.crm.items()}.get(connector)
        return own.fields if own else {}

    def crm_names(self, connector: str) -> Mapping[str, str]:
        """Role ("segment", "segment_source", "tier_since" ...) -> name of the field we publish to."""
        own = {str(key): fields for key, fields in self.crm.items()}.get(connector)
        return {**DEFAULT_NAMES.get(connector, {}), **(own.names if own else {})}

    def policy(self, output: OutputKey) -> FieldPolicy:
        policy: FieldPolicy = getattr(self.fields, output)
        return policy

    def components_used(self) -> tuple[Component, ...]:
        """Components that the value score or an axis of the tiers needs, in a fixed order."""
        wanted: set[str] = set(self.value.components)
        for axis in self.tiers.axes:
            wanted |= {axis.measure} if isinstance(axis.measure, str) else set(axis.measure or ())
        return tuple(name for name in get_args(Component) if name in wanted)

    def warnings(self) -> tuple[str, ...]:
        """Advice on a model that is valid but has grown hard to use (DOMAIN: 3-5 segments, two axes)."""
        found = []
        subs = sum(len(segment.sub_segments) for segment in self.segments)
        if len(self.segments) > 5:
            found.append(f"{len(self.segments)} segments: more than 5 cost more than they bring; merge some.")
        if subs > 10:
            found.append(f"{subs} sub-segments: sellers choose reliably among up to 10; merge some.")
        if len(self.value_profile.axes) > 2:
            found.append(f"{len(self.value_profile.axes)} axes in the value-profile matrix: nobody reads more than 2.")
        return tuple(found)
