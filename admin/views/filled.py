"""Values that are filled when empty and that a person chose: they stay, and nobody has to decide about them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce, NullIf

from admin.views.published import label
from sync import labels
from sync.links import record_url
from sync.models import AccountState, Change, Portfolio, Run

KEYS = ("segment", "sub_segment", "value_profile")
#: Runs whose passed-over edits are listed; older ones are on the pages of their runs.
RUNS = 10
LAST = 50


def chosen_by_people(portfolio: Portfolio, key: str) -> QuerySet[AccountState]:
    """Customers for whom a person chose another value of this field than the computed one."""
    found = _accounts(portfolio, key).filter(_by_a_person(key)).select_related("connection", "score")
    return found.order_by("name", "pk")


def _accounts(chosen: Portfolio, key: str) -> QuerySet[AccountState]:
    """Customers, annotated with what of this output the CRM holds, we wrote, and we compute ("" for nothing)."""
    sources = {"held": "current", "written": "written", "computed": "score__result"}
    texts = {f"{name}_{key}": _text(field, key) for name, field in sources.items()}
    connections = list(chosen.crms().values_list("pk", flat=True))
    return AccountState.objects.filter(connection__in=connections, in_scope=True).annotate(**texts)


def _text(field: str, key: str) -> Coalesce:
    text = Cast(KeyTextTransform(key, field), TextField())
    # SQLite reads JSON's null as this word, PostgreSQL as NULL.
    return Coalesce(NullIf(text, Value("null")), Value(""), output_field=TextField())


def _by_a_person(key: str) -> Q:
    """The CRM holds a value that we did not write, and we compute another one. The cheap comparisons stand first."""
    held = F(f"held_{key}")
    there = ~Q(**{f"held_{key}": ""}) & ~Q(**{f"written_{key}": held})
    return there & ~Q(**{f"computed_{key}": ""}) & ~Q(**{f"computed_{key}": held})


def shown(account: AccountState, key: str, names: labels.Labels) -> dict[str, Any]:
    """What the list says of one account."""
    computed = str(account.score.result.get(key) or "") if account.score else ""
    return {
        "account": account,
        "title": names.field(key),
        "words": label(names, key, str(account.current.get(key) or "")),
        "computed_words": label(names, key, computed),
        "url": record_url(account.connection, "account", account.record_id),
    }


def passed_over(chosen: Portfolio) -> list[dict[str, object]]:
    """Records that were not written because a person edited them meanwhile, the newest first."""
    runs = Run.objects.filter(portfolio=chosen).exclude(kind=Run.Kind.ANSWER).values_list("pk", flat=True)[:RUNS]
    changes = list(
        Change.objects.filter(run__in=list(runs), state=Change.State.SUPERSEDED)
        .select_related("connection", "run")
        .order_by("-run_id", "pk")[:LAST]
    )
    accounts = {
        (connection, record_id): pk
        for pk, connection, record_id in AccountState.objects.filter(
            connection__in={change.connection_id for change in changes},
            record_id__in=[change.record_id for change in changes],
        ).values_list("pk", "connection", "record_id")
    }
    return [
        {
            "change": change,
            "account": accounts.get((change.connection_id, change.record_id)),
            "url": record_url(change.connection, change.kind, change.record_id),
        }
        for change in changes
    ]
