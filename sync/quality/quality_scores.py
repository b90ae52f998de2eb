"""Figures of data quality as they are kept: one set per connection and day, the last of the day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction
from django.db.models import Max, QuerySet

from scoring.quality.accuracy import Accuracy, accuracy
from scoring.quality.scores import Score, field_label
from sync import lease, outputs
from sync.labels import Labels, labels
from sync.models import AccountState, Finding, Portfolio, QualityScore, Run
from sync.models import Connection as Crm
from sync.quality.looked_at import looked_at
from sync.rows import insert

#: Days shown of the past.
DAYS = 12
BY = ("field", "segment", "owner")


@dataclass(frozen=True)
class Shown:
    """One line of figures, with the name people know."""

    score: QualityScore
    name: str


def record(run: Run, token: str, connection: Crm, found: Sequence[Score], people: Mapping[str, str]) -> None:
    """Keep the figures of this run, under its lease; they replace those of earlier runs of the day.

    `people` holds names by id of the CRM user.
    """
    layout = outputs.layout(run.model, connection)
    looked = accuracy(looked_at(connection, layout))
    rows = [
        QualityScore(
            connection_id=connection.pk,
            run_id=run.pk,
            day=run.today,
            label=_label(each, people),
            **asdict(each),
            **asdict(looked.get((each.by, each.key), Accuracy(0, 0))),
        )
        for each in found
    ]
    with transaction.atomic():
        lease.record(run.pk, token)
        QualityScore.objects.filter(connection=connection, day=run.today).delete()
        insert(QualityScore, [vars(row) for row in rows])


def latest(portfolio: Portfolio, by: str) -> list[Shown]:
    """The newest figures of each connection, the most revenue to mend first."""
    newest = _of(portfolio).values("connection").annotate(day=Max("day"))
    days = {row["connection"]: row["day"] for row in newest}
    rows = [
        row
        for row in _of(portfolio).filter(by=by, day__in=set(days.values())).select_related("connection")
        if days[row.connection_id] == row.day
    ]
    names = _names(labels(portfolio), by)
    rows.sort(key=lambda row: (-row.revenue, -row.to_mend, row.key))
    return [Shown(row, _called(by, row.key, row.label or names.get(row.key, ""))) for row in rows]


def _label(score: Score, people: Mapping[str, str]) -> str:
    return people.get(score.key, "")[:160] if score.by == "owner" else ""


_NOBODY = {"owner": "No owner", "segment": "No segment"}


def history(portfolio: Portfolio) -> list[QualityScore]:
    """The figures of all customers on the last days on which there was a run, the newest first."""
    return list(_of(portfolio).filter(by="all").select_related("connection").order_by("-day", "connection")[:DAYS])


def newest_day(portfolio: Portfolio) -> date | None:
    found: date | None = _of(portfolio).aggregate(day=Max("day"))["day"]
    return found


def findings(portfolio: Portfolio, by: str, key: str) -> QuerySet[Finding]:
    """Open findings behind a line of figures, those due first at the top."""
    rows = Finding.objects.filter(connection__portfolio=portfolio, state__in=Finding.WAITING)
    if by == "field":
        rows = rows.filter(field=key)
    elif by in ("owner", "segment"):
        wanted = {"owner_record_id": key} if by == "owner" else {"current__segment": key or None}
        accounts = AccountState.objects.filter(connection__portfolio=portfolio, in_scope=True, **wanted)
        rows = rows.filter(account_id__in=accounts.values("record_id"))
    return rows.select_related("connection").order_by("due_on", "pk")


def name(portfolio: Portfolio, by: str, key: str) -> str:
    """What a line is called."""
    kept = _of(portfolio).filter(by=by, key=key).order_by("-day").values_list("label", flat=True).first()
    return _called(by, key, kept or _names(labels(portfolio), by).get(key, ""))


def _called(by: str, key: str, known: str) -> str:
    return known or key or _NOBODY.get(by, "All customers")


def _of(portfolio: Portfolio) -> QuerySet[QualityScore]:
    return QualityScore.objects.filter(connection__portfolio=portfolio)


def _names(words: Labels, by: str) -> dict[str, str]:
    model = words.model
    if model is None or by not in ("segment", "field"):
        return {}
    if by == "segment":
        return {segment.key: segment.label for segment in model.segments}
    ruled = (*model.vocabulary, *model.quality.rules.out_of_range.fields)
    return {key: field_label(model, key) for key in ("segment", "sub_segment", "value_profile", "tier", *ruled)}
