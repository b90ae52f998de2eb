"""Overrides of the tier: asked for with a reason, decided by somebody else, in force until a date, then judged.

An approved override is published in place of the computed tier and says so; "floor" gives way to a better computed
tier. One that was rejected or has ended is followed by the computed tier again, also where a person had typed it into
the CRM: by then it was decided, and is no silent overwriting.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser, AbstractUser, AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from scoring.explain import SHORT
from scoring.model import Model
from scoring.periods import months_after
from sync import audit, outputs
from sync.alerts import notices
from sync.matching import matches
from sync.models import AccountState, Override, Portfolio
from sync.reading import dirty

TIER = "tier"
#: Field of a remark that names no tier: that the one an account has is wrong.
REMARK = "request"
#: People named as those who may decide; more are named as their group.
_NAMED = 2
Row = Mapping[str, Any]


class Refused(ValueError):
    """A request or decision that cannot be; the message says why and what to do."""


def request(
    account: AccountState, value: str, by: str, *, kind: str, reason: str, comment: str, until: date, today: date
) -> Override:
    """Ask for another tier than the computed one. Raises `Refused`."""
    model = model_of(account.connection.portfolio)
    _check(model, value, reason, comment, until, today)
    if kind not in Override.Kind.values:
        raise Refused(f"'{kind}' is no kind of override; there are {', '.join(Override.Kind.values)}.")
    try:
        with transaction.atomic():
            made = Override.objects.create(
                account=account,
                field=TIER,
                value=value,
                computed=computed(account),
                kind=kind,
                reason=reason,
                comment=comment.strip(),
                requested_by=by,
                expires_on=until,
            )
            _note(made, by, "override requested")
            return made
    except IntegrityError:
        raise Refused(f"{account} has a request already; decide or withdraw it first.") from None


def approve(
    override: Override, by: str, *, today: date, reason: str = "", comment: str = "", until: date | None = None
) -> None:
    """Put an override in force in place of an earlier one. What a request from the CRM lacks is given here.

    To agree with a remark moves no tier: the comment says what will be done about it.
    Raises `Refused` for a request that is decided already, that lacks a reason, or of the person who approves.
    """
    if override.field == REMARK:
        _agree(override, by, comment)
        return
    _decidable(override)
    model = model_of(override.account.connection.portfolio)
    override.reason, override.expires_on = reason or override.reason, until or override.expires_on
    override.comment = override.comment or comment.strip()
    if override.requested_by and override.requested_by == by:
        raise Refused("Whoever asks for an override cannot approve it; somebody else has to.")
    end = override.expires_on or months_after(today, model.overrides.months)
    _check(model, override.value, override.reason, override.comment, end, today)
    with transaction.atomic():
        company = [override.account_id, *matches.same_company([override.account])]
        in_force = Override.objects.filter(account__in=company, field=TIER, state=Override.State.APPROVED)
        in_force.update(state=Override.State.EXPIRED, decision=f"replaced by {by}")
        _decide(override, Override.State.APPROVED, by, comment, expires_on=end, reason=override.reason)


def _agree(override: Override, by: str, comment: str) -> None:
    if override.requested_by and override.requested_by == by:
        raise Refused("Whoever made a remark cannot agree with it; somebody else has to.")
    if not comment.strip():
        raise Refused("Say what will be done about it: whoever made the remark reads it.")
    with transaction.atomic():
        earlier = Override.objects.filter(account=override.account, field=REMARK, state=Override.State.APPROVED)
        earlier.update(state=Override.State.EXPIRED)
        _decide(override, Override.State.APPROVED, by, comment)


def reject(override: Override, by: str, comment: str) -> None:
    """Say no, with a reason; the computed tier is published again. Raises `Refused`."""
    _decidable(override)
    if not comment.strip():
        raise Refused("Say why it is rejected: whoever asked reads it.")
    _decide(override, Override.State.REJECTED, by, comment)


def judge(override: Override, right: bool, by: str) -> None:
    """Afterwards: was it right? Raises `Refused` for one that still holds."""
    if override.state != Override.State.EXPIRED or override.field == REMARK:
        raise Refused("An override is judged when it has ended.")
    with transaction.atomic():
        Override.objects.filter(pk=override.pk).update(was_right=right)
        _note(override, by, "override judged", right=right)


def end(override: Override, by: str) -> None:
    """Take one out of force before its time."""
    with transaction.atomic():
        if not _finish(override, f"ended by {by}"):
            raise Refused(f"The override of {override.account} is not in force.")
        _note(override, by, "override ended")


def expire(portfolio: Portfolio, today: date) -> int:
    """End the overrides whose time is up and remind of those whose end is near; how many ended."""
    model = model_of(portfolio)
    found = Override.objects.filter(account__connection__portfolio=portfolio, state=Override.State.APPROVED)
    over = list(found.filter(expires_on__lt=today).select_related("account__connection"))
    for override in over:
        _finish(override, "its time was up")
    soon = today + timedelta(days=model.overrides.remind_days)
    ending = found.filter(expires_on__gte=today, expires_on__lte=soon, reminded_at=None)
    if ending.exists():
        notices.overrides_end(portfolio, list(ending.select_related("account").order_by("expires_on", "pk")))
        ending.update(reminded_at=timezone.now())
    return len(over)


def may_decide(user: AbstractBaseUser | AnonymousUser, override: Override) -> bool:
    """Whether this user may approve or reject it: by the size of the jump, and never one's own."""
    model = model_of(override.account.connection.portfolio)
    if not isinstance(user, AbstractUser) or not user.is_active or override.requested_by == user.get_username():
        return False
    group = model.overrides.approver(jump(override, model))
    return user.groups.filter(name=group).exists() if group else user.is_staff


def may_decide_as(name: str, override: Override) -> bool:
    """Whether this name may decide on the command line.

    Whoever reaches the installation is an administrator, and may unless the model reserves jumps of this size for a
    group, the name is that of a login of the console without the right, or the request is their own.
    """
    user = get_user_model().objects.filter(username=name).first()
    if user is not None:
        return may_decide(user, override)
    model = model_of(override.account.connection.portfolio)
    return override.requested_by != name and not model.overrides.approver(jump(override, model))


def approvers(override: Override, model: Model) -> str:
    """Who may decide about it, by name; a larger group by its own name."""
    group = model.overrides.approver(jump(override, model))
    names = [_full_name(user) for user in deciders(override, model)[: _NAMED + 1]]
    if 0 < len(names) <= _NAMED:
        return " or ".join(names)
    return f"the group {group}" if group else "an administrator of Tierline"


def deciders(override: Override, model: Model) -> QuerySet[Any]:
    """Users of the console who may decide about it."""
    group = model.overrides.approver(jump(override, model))
    users = get_user_model().objects.filter(is_active=True).exclude(username=override.requested_by)
    return (users.filter(groups__name=group) if group else users.filter(is_staff=True)).order_by("pk")


def called(login: str) -> str:
    """The name of a user of the console; the login of one who has none, or is none."""
    user = get_user_model().objects.filter(username=login).first()
    return _full_name(user) if user else login


def login_of(email: str) -> str:
    """The user of the console with this address, by login; "" for none."""
    found = get_user_model().objects.filter(email__iexact=email).first() if email else None
    return found.get_username() if found else ""


def _full_name(user: AbstractUser) -> str:
    return user.get_full_name() or user.get_username()


def jump(override: Override, model: Model) -> int:
    """Tiers between the value asked for and the computed one; all of them where one is no tier of the model."""
    rank = {key: place for place, key in enumerate(model.tiers.keys)}
    if override.value not in rank or override.computed not in rank:
        return len(rank)
    return abs(rank[override.value] - rank[override.computed])


def computed(account: AccountState) -> str:
    """The tier that is computed for an account, whatever overrides it."""
    result = account.score.result if account.score else {}
    return str(result.get("by_rule") or result.get("tier") or "")


def applied(row: Row, override: Override | None, model: Model) -> Row:
    """The row of the score table with an approved override in place of the computed tier."""
    if override is None or not row["in_scope"] or row["tier"] is None or override.value not in model.tiers.keys:
        return row
    rank = {key: place for place, key in enumerate(model.tiers.keys)}
    if override.kind == Override.Kind.FLOOR and rank[row["tier"]] <= rank[override.value]:
        return row
    why = model.overrides.reasons.get(override.reason, override.reason or "no reason given")
    since = timezone.localtime(override.decided_at).date() if override.decided_at else None
    said = f"{model.tiers.label(override.value)} by override until {override.expires_on}: {why}"
    said += f", approved by {override.decided_by}" if override.decided_by else ""
    return {
        **row,
        "by_rule": row["tier"],
        "tier": override.value,
        "override": {"id": override.pk, "reason": override.reason, "until": str(override.expires_on)},
        "override_told": said[:SHORT],
        "published_since": str(since) if since else row["tier_since"],
        "cause": "override",
        "short_reason": f"{said}. By rule: {row['short_reason']}"[:SHORT],
    }


def in_force(accounts: Sequence[int]) -> dict[int, Override]:
    """Approved overrides of the tier, by account, the one that was decided last at the end."""
    found = Override.objects.filter(account__in=accounts, field=TIER, state=Override.State.APPROVED)
    return {override.account_id: override for override in found.order_by("decided_at", "pk")}


def settled(accounts: Sequence[int]) -> dict[int, str]:
    """Values that were rejected or have ended and that we may replace, by account; the newest decision counts."""
    found = Override.objects.filter(
        account__in=accounts, field=TIER, replaced=False, state__in=(Override.State.REJECTED, Override.State.EXPIRED)
    )
    return dict(found.order_by("decided_at", "pk").values_list("account_id", "value"))


def model_of(portfolio: Portfolio) -> Model:
    """The published model. Raises `Refused` where there is none."""
    published = portfolio.model_in_force()
    if published is None:
        raise Refused("No model is published yet: tierline model publish FILE.")
    return outputs.model(published)


def _check(model: Model, value: str, reason: str, comment: str, until: date, today: date) -> None:
    if value not in model.tiers.keys:
        raise Refused(f"'{value}' is no tier; there are {', '.join(model.tiers.keys)}.")
    if reason not in model.overrides.reasons:
        known = ", ".join(f"{key} ({label})" for key, label in model.overrides.reasons.items())
        raise Refused(f"An override needs a reason of the model's list: {known}.")
    if not comment.strip():
        raise Refused("An override needs a comment: a sentence that will still be understood in a year.")
    last = months_after(today, model.overrides.months)
    if not today < until <= last:
        raise Refused(f"An override ends between tomorrow and {last}, {model.overrides.months} months from now.")


def _decidable(override: Override) -> None:
    """Another value than the tier that somebody changed in the CRM is no override."""
    if override.field not in (TIER, REMARK):
        raise Refused(f"Only the tier can be overridden; what was changed on {override.account} is another field.")


def _decide(override: Override, state: Override.State, by: str, comment: str, **given: Any) -> None:
    open_ones = Override.objects.filter(pk=override.pk, state=Override.State.REQUESTED)
    decided = {"state": state, "decided_by": by, "decided_at": timezone.now(), "decision": comment.strip()}
    with transaction.atomic():
        if not open_ones.update(**decided, **given, comment=override.comment):
            raise Refused(f"The request for {override.account} has been decided already.")
        _note(override, by, f"override {state}", decision=comment.strip())
        _look_again(override)


def _finish(override: Override, why: str) -> int:
    in_force = Override.objects.filter(pk=override.pk, state=Override.State.APPROVED)
    ended = in_force.update(state=Override.State.EXPIRED, decision=why)
    if ended:
        _look_again(override)
    return ended


def _note(override: Override, by: str, action: str, **more: Any) -> None:
    facts = {"override": override.pk, "value": override.value, "computed": override.computed, "reason": override.reason}
    audit.note(override.account.connection.portfolio, by, action, str(override), **facts, **more)


def _look_again(override: Override) -> None:
    account = override.account
    dirty.mark(account.connection, [account.record_id], "an override was decided or ended")
