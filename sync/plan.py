"""PURE: what a run will write, from the scores and the values the CRM holds now.

Policies per output (DESIGN.md, invariant 2):
`machine`  is kept equal to what we compute; a person's edit of it stays and becomes an override request.
`fill`     is written only when empty; whatever stands there is never replaced, and a value that a person cleared
           after we wrote it stays clear.
`suggest`  leaves the field alone and keeps a companion field up to date.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from connectors.base import Scalar
from sync.values import stored, text

Policy = Literal["machine", "fill", "suggest"]
#: Source of a value that the machine set: because a rule says so, or because the value before it was given up.
RULE, MOVED = "rule", "moved"


@dataclass(frozen=True)
class Output:
    """One published value and where it lives.

    Attributes:
        names: API name per role: "value" always; "source" and "date" for filled values; "since" and "reason"
            for the tier; "suggestion" for policy `suggest`; "why" where the card shows what speaks for a value.
        parent: output this value depends on (sub-segment on segment); it stands earlier in the list.
        parent_name: API name of the parent's value.
        retired: value given up -> the one its records move to, "" for what is computed.
        fed: whether the model in force still has it; what we wrote to one that it has not is emptied.
    """

    key: str
    policy: Policy
    names: Mapping[str, str]
    parent: str = ""
    parent_name: str = ""
    retired: Mapping[str, str] = field(default_factory=dict)
    fed: bool = True


@dataclass(frozen=True)
class Across:
    """What a company's record in another CRM means for this one.

    Attributes:
        carried: by output key, a value of the other to write whatever stands here; source: from where.
        kept: output keys that stay as they are: a person decides, or only the other holds a value.
    """

    carried: Mapping[str, str] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    source: str = ""


@dataclass(frozen=True)
class Account:
    """What planning knows of one account.

    Attributes:
        computed: value per output key, from scoring; None is "no value" (an account out of scope has none).
        current: by API name, what the CRM holds now.
        written: by output key, what we last wrote and the CRM accepted.
        attempted: by output key, what an interrupted run may have written without hearing the answer.
        whys: by output key, what speaks for the computed value.
        reason: the tier's short reason; since: ISO date of its first day, "" for today.
        refused: digest of the last change that the CRM rejected for good.
        undone: by API name, what a person took back; the same value is not written again.
        across: what the account's record in another CRM of the portfolio means for it.
    """

    record_id: str
    name: str
    computed: Mapping[str, str | None]
    current: Mapping[str, Scalar]
    written: Mapping[str, str | None]
    attempted: Mapping[str, str | None] = field(default_factory=dict)
    whys: Mapping[str, str | None] = field(default_factory=dict)
    reason: str = ""
    since: str = ""
    refused: str = ""
    undone: Mapping[str, Scalar] = field(default_factory=dict)
    across: Across = field(default_factory=lambda: Across())


@dataclass(frozen=True)
class OverrideRequest:
    """A person changed a value that we compute."""

    output: str
    value: str | None
    computed: str | None


@dataclass(frozen=True)
class Planned:
    """The change of one record: the same API names in `before` and `after`.

    `adopted` are machine values found in the CRM that equal ours though we have no record of writing them.
    `held_back` marks a change the CRM refused before in exactly this form: it is not sent again.
    `kept_undone` are outputs that would be written again had a person not taken this value back.
    """

    record_id: str
    name: str
    before: Mapping[str, Scalar] = field(default_factory=dict)
    after: Mapping[str, Scalar] = field(default_factory=dict)
    overrides: tuple[OverrideRequest, ...] = ()
    adopted: Mapping[str, str | None] = field(default_factory=dict)
    held_back: bool = False
    kept_undone: tuple[str, ...] = ()


def digest(before: Mapping[str, Scalar], after: Mapping[str, Scalar]) -> str:
    """Names one change; equal changes have equal digests."""
    body = json.dumps([dict(before), dict(after)], sort_keys=True, default=str)
    return hashlib.sha256(body.encode()).hexdigest()


def plan_account(account: Account, outputs: tuple[Output, ...], as_of: date) -> Planned:
    """The change this account needs; empty `after` when nothing is to be sent."""
    after: dict[str, Scalar] = {}
    overrides: list[OverrideRequest] = []
    adopted: dict[str, str | None] = {}
    kept_undone: list[str] = []
    for output in outputs:
        wanted = dict(after)
        if output.policy == "machine":
            request = _machine(account, output, as_of, wanted, adopted)
            if request:
                overrides.append(request)
        elif output.policy == "fill":
            _fill(account, output, as_of, wanted)
        else:
            _suggest(account, output, wanted)
        undone = _undone(account, output, wanted)
        if undone:
            kept_undone.append(output.key)
        after |= {name: value for name, value in wanted.items() if name not in undone}
    after = {name: value for name, value in after.items() if account.current.get(name) != value}
    before = {name: account.current.get(name) for name in after}
    return Planned(
        account.record_id,
        account.name,
        before,
        after,
        tuple(overrides),
        adopted,
        held_back=bool(after) and bool(account.refused) and account.refused == digest(before, after),
        kept_undone=tuple(kept_undone),
    )


def _undone(account: Account, output: Output, after: Mapping[str, Scalar]) -> set[str]:
    """Fields of this output that would get a value again that a person took back; with the value, all of them."""
    if not account.undone:
        return set()
    again = {
        name
        for name in output.names.values()
        if name in after
        and account.current.get(name) != after[name]
        and name in account.undone
        and account.undone[name] == stored(after[name])
    }
    value = output.names["suggestion" if output.policy == "suggest" else "value"]
    moves = value in after and account.current.get(value) != after[value]
    if value in again:
        return set(output.names.values())
    return set() if moves else again


def _machine(
    account: Account,
    output: Output,
    as_of: date,
    after: dict[str, Scalar],
    adopted: dict[str, str | None],
) -> OverrideRequest | None:
    value = output.names["value"]
    now = text(account.current.get(value))
    wanted = account.computed.get(output.key)
    ours = any(output.key in known and known[output.key] == now for known in (account.written, account.attempted))
    if not ours and (now is not None or account.written.get(output.key) is not None):
        if now != wanted and not output.fed:
            return None  # what a person put into a field that we have left is theirs
        if now != wanted:
            return OverrideRequest(output.key, now, wanted)
        adopted[output.key] = now
    moved = now != wanted
    if moved:
        after[value] = wanted
        if "since" in output.names:
            since = date.fromisoformat(account.since) if account.since else as_of
            after[output.names["since"]] = since if wanted else None
    if "reason" in output.names:
        shown = text(account.current.get(output.names["reason"]))
        reason = account.reason or None
        if moved or gist(shown) != gist(reason):
            after[output.names["reason"]] = reason
    return None


def _fill(account: Account, output: Output, as_of: date, after: dict[str, Scalar]) -> None:
    value = output.names["value"]
    now = text(account.current.get(value))
    wanted = account.computed.get(output.key)
    into = output.retired.get(now, None) if now is not None else None
    carried = account.across.carried.get(output.key)
    if carried is not None:
        wanted = carried
    elif into is not None:  # whoever chose it: the value is no longer offered
        wanted = into or wanted
    elif now is not None:
        _keep(account, output, now, as_of, after)
        return
    elif output.key in account.across.kept:
        return
    elif account.written.get(output.key) is not None:
        return  # a person cleared what we wrote
    if wanted is None:
        return
    if carried is None and not into and output.parent and not _parent_agrees(account, output, after):
        return
    after[value] = wanted
    if "source" in output.names:
        source = account.across.source if carried is not None else MOVED if into is not None else RULE
        after[output.names["source"]] = source
    if "date" in output.names:
        after[output.names["date"]] = as_of
    _say_why(account, output, after)


def _keep(account: Account, output: Output, now: str, as_of: date, after: dict[str, Scalar]) -> None:
    """A value that stands. Where a person chose it in place of ours, it no longer says that a rule did."""
    source = output.names.get("source", "")
    if account.current.get(source) not in (RULE, MOVED):
        return
    if account.written.get(output.key) in (None, now):
        if now == account.computed.get(output.key):
            _say_why(account, output, after)
        return
    after[source] = None
    if "date" in output.names:
        after[output.names["date"]] = as_of
    if "why" in output.names:
        after[output.names["why"]] = None


def _parent_agrees(account: Account, output: Output, after: Mapping[str, Scalar]) -> bool:
    """A sub-segment is filled only beside the segment it was computed for."""
    parent = account.computed.get(output.parent)
    holds = after.get(output.parent_name, account.current.get(output.parent_name))
    return parent is not None and holds == parent


def _suggest(account: Account, output: Output, after: dict[str, Scalar]) -> None:
    now = text(account.current.get(output.names["value"]))
    wanted = account.computed.get(output.key)
    after[output.names["suggestion"]] = wanted if wanted != now else None
    _say_why(account, output, after)


def _say_why(account: Account, output: Output, after: dict[str, Scalar]) -> None:
    """What speaks for the computed value, rewritten when it says something else; nothing where there is none, or where
    another comes from the other CRM."""
    name, computed = output.names.get("why"), account.computed.get(output.key)
    if name is None:
        return
    holds = computed is not None and account.across.carried.get(output.key, computed) == computed
    why = (account.whys.get(output.key) or None) if holds else None
    if gist(text(account.current.get(name))) != gist(why):
        after[name] = why[:255] if why else None


def gist(reason: str | None) -> str:
    """A reason without its figures: it is rewritten only when what it says changes, not when a number does."""
    return re.sub(r"[\d.,\s]+", " ", reason or "").strip()
