"""Findings as a sheet that a person fills in elsewhere: what goes out, and what came back.

One row per account and field, in words. A row counts when its last column holds another value than the account has;
rows of one account are taken together, because segment and sub-segment have to belong together.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scoring.model import Model
from sync import labels
from sync.cells import restored, safe
from sync.fixing import answering, choices
from sync.fixing.answering import Answer
from sync.fixing.questions import Question, questions, said, titled
from sync.models import AccountState, Finding, Owner, Portfolio
from sync.rows import portions

COLUMNS = ("id", "account", "field", "now", "suggestion", "new value")
#: Longest sheet that is read, in characters and in rows.
LONGEST, MOST_ROWS = 2_000_000, 20_000


class Unreadable(ValueError):
    """A file that is no sheet of ours; the message says why and what to do."""


@dataclass(frozen=True)
class Row:
    """A row that came back. `line` as a spreadsheet numbers it."""

    line: int
    record_id: str
    account: str
    field: str
    now: str
    new: str


@dataclass(frozen=True)
class Change:
    """What the rows of one account come to."""

    lines: tuple[int, ...]
    account: str
    title: str
    before: str
    after: str
    answer: Answer


@dataclass(frozen=True)
class Refused:
    """A row that is not written, and why."""

    line: int
    account: str
    why: str


@dataclass
class Plan:
    """What a sheet would do. `unchanged`: rows that ask for nothing."""

    changes: list[Change] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    unchanged: int = 0


def rows(portfolio: Portfolio, asked: Sequence[Question]) -> Iterator[list[str]]:
    """The sheet of these questions, titles first; each account and field once."""
    yield list(COLUMNS)
    words = labels.labels(portfolio)
    known: set[tuple[str, str]] = set()
    for question in asked:
        likely = question.suggestions[0].choice.values if question.suggestions else {}
        for name in question.seen:
            key = (question.account.record_id, name)
            if key in known:
                continue
            known.add(key)
            now = said(words, {name: question.held[name]})
            suggested = said(words, {name: likely.get(name, "")})
            yield [*key[:1], question.account.name, words.field(name), now, suggested, ""]


def written(table: Iterator[list[str]]) -> str:
    """A CSV file; its first mark tells spreadsheets that it is UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text)
    for row in table:
        writer.writerow([safe(cell) for cell in row])
    return "\ufeff" + text.getvalue()


def read(text: str) -> list[Row]:
    """The rows of a file that came back, whichever separator the spreadsheet saved it with. Raises Unreadable."""
    if len(text) > LONGEST:
        raise Unreadable(f"The file is longer than {LONGEST:,} characters; send it in parts.")
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    try:
        table = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise Unreadable(f"The file is no CSV file ({error}). Save the sheet as CSV (UTF-8).") from None
    titles = [restored(cell).strip().lower() for cell in table[0]] if table else []
    if lacking := [name for name in COLUMNS if name not in titles]:
        raise Unreadable(f"The file has no column {', '.join(lacking)}. Fill in a sheet that was exported here.")
    if len(table) > MOST_ROWS:
        raise Unreadable(f"The file has {len(table):,} rows; send at most {MOST_ROWS:,} at a time.")
    place = {name: titles.index(name) for name in COLUMNS}
    found = []
    for line, cells in enumerate(table[1:], start=2):
        cell = {name: restored(cells[at]).strip() if at < len(cells) else "" for name, at in place.items()}
        if any(cell.values()):
            found.append(Row(line, cell["id"], cell["account"], cell["field"], cell["now"], cell["new value"]))
    return found


def plan(portfolio: Portfolio, given: Sequence[Row]) -> Plan:
    """What the rows come to. Only changed ones are taken, and none whose account has changed since the export."""
    words, found = labels.labels(portfolio), Plan()
    states = _states(portfolio, given)
    by_account: dict[tuple[str, str], list[tuple[Row, str]]] = {}
    for row in given:
        name = _field(words, row.field)
        if not row.new or _alike(row.new, row.now):
            found.unchanged += 1
        elif words.model is None or not name:
            found.refused.append(Refused(row.line, row.account, f'"{row.field}" is no value that people choose.'))
        elif row.record_id not in states:
            found.refused.append(Refused(row.line, row.account, f"No account has the id {row.record_id or '(none)'}."))
        else:
            together = choices.fields_of(words.model, name)
            by_account.setdefault((row.record_id, "/".join(together)), []).append((row, name))
    for (record_id, _), mine in by_account.items():
        assert words.model is not None
        _take(found, mine, states[record_id], words, words.model)
    return found


def _take(
    found: Plan, mine: Sequence[tuple[Row, str]], state: AccountState, words: labels.Labels, model: Model
) -> None:
    """The rows of one account whose values are chosen together: one change, or a refusal of each."""
    held = answering.held(state)
    together = choices.fields_of(model, mine[0][1])

    def refuse(why: str) -> None:
        found.refused.extend(Refused(row.line, state.name, why) for row, _ in mine)

    if not together:
        refuse("People do not choose this value; Tierline computes it.")
        return
    if len({name for _, name in mine}) < len(mine):
        refuse("Two rows of the file say something about this field of this account.")
        return
    for row, name in mine:
        now = said(words, {name: held[name]})
        if not (_alike(row.now, now) or _alike(row.now, held[name])):
            refuse(f"{words.field(name)} has changed since the export: it is now {now or 'empty'}. Export again.")
            return
    asked = {name: row.new for row, name in mine}
    fitting = [choice for choice in _all(model, mine[0][1], held) if _fits(choice, asked, held, words)]
    if len(fitting) != 1:
        refuse(_why_not(asked, together, words))
        return
    after = fitting[0]
    seen: dict[str, str] = {name: held[name] for name in together}
    title = titled(words, together)
    lines = tuple(row.line for row, _ in mine)
    answer = Answer(state.connection_id, state.record_id, dict(after.values), seen)
    found.changes.append(Change(lines, state.name, title, said(words, seen), after.label, answer))


def _all(model: Model, name: str, held: Mapping[str, str]) -> Iterator[choices.Choice]:
    return (choice for group in choices.offered(model, name, held) for choice in group.choices)


def _fits(choice: choices.Choice, asked: Mapping[str, str], held: Mapping[str, str], words: labels.Labels) -> bool:
    """Whether a choice has the values asked for, by label or key, and leaves the others as they are."""
    return all(
        _alike(asked[name], said(words, {name: value})) or _alike(asked[name], value)
        if name in asked
        else value == held[name]
        for name, value in choice.values.items()
    )


def _why_not(asked: Mapping[str, str], together: Sequence[str], words: labels.Labels) -> str:
    wanted = ", ".join(f"{words.field(name)} {value}" for name, value in asked.items())
    others = [words.field(name).lower() for name in together if name not in asked]
    beside = f" beside the {' and '.join(others)} it has; give that in its row too" if others else ""
    return f"{wanted} is not valid{beside}."


def _field(words: labels.Labels, text: str) -> str:
    return next((name for name in choices.CHOSEN if _alike(text, words.field(name)) or _alike(text, name)), "")


def _alike(left: str, right: str) -> bool:
    return left.strip().casefold() == right.strip().casefold()


def _states(portfolio: Portfolio, given: Sequence[Row]) -> dict[str, AccountState]:
    ours = AccountState.objects.filter(connection__portfolio=portfolio).select_related("connection")
    ids = sorted({row.record_id for row in given if row.record_id})
    return {state.record_id: state for some in portions(ids) for state in ours.filter(record_id__in=some)}


def asked_of(owner: Owner) -> list[Question]:
    """Everything that waits for this person and can be answered here, what is due first at the top."""
    waiting = Finding.objects.filter(alert__owner=owner, state__in=Finding.WAITING).order_by("due_on", "pk")
    return questions(owner.portfolio, list(waiting.select_related("connection", "alert__owner")))
