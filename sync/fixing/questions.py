"""A finding as a question to a person: what stands there, what is likely right and why, what else is on offer."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from connectors import registry
from scoring.model import Model
from sync import labels, outputs
from sync.fixing import answering, choices, evidence
from sync.fixing.choices import Choice, Offered, Suggestion
from sync.links import record_url
from sync.models import AccountState, Finding, Portfolio
from sync.rows import portions


@dataclass(frozen=True)
class Question:
    """Asked about one account; `fields` are answered together.

    `held`: what the account holds of what people choose, as it was last read, by field.
    """

    finding: Finding
    account: AccountState
    field: str
    title: str
    held: Mapping[str, str]
    now: str
    url: str
    suggestions: Sequence[Suggestion]
    offered: Sequence[Offered]
    model: Model

    @property
    def seen(self) -> dict[str, str]:
        """What the person is shown to stand there, of what is answered."""
        return {name: self.held[name] for name in choices.fields_of(self.model, self.field)}

    @property
    def present(self) -> str:
        """Key of the choice that stands there."""
        return "/".join(self.seen.values())

    def answer(self, choice: Choice, seen: Mapping[str, str] | None = None) -> answering.Answer:
        """What is kept of a choice. `seen`: what the person was shown, if that was another page's question."""
        shown = self.seen if seen is None else seen
        return answering.Answer(self.account.connection_id, self.account.record_id, dict(choice.values), dict(shown))


def can_be_asked(model: Model | None, finding: Finding) -> bool:
    """Whether a finding is about a value that people choose, in a CRM that says who may."""
    return finding.connection.kind in registry.TELL_RIGHTS and _is_choice(model, finding)


def only_in_crm(model: Model | None, finding: Finding) -> bool:
    """Whether a finding is about a value that people choose, in a CRM that does not say who may."""
    return finding.connection.kind not in registry.TELL_RIGHTS and _is_choice(model, finding)


def _is_choice(model: Model | None, finding: Finding) -> bool:
    return model is not None and bool(finding.account_id) and bool(choices.fields_of(model, finding.field))


def questions(portfolio: Portfolio, findings: Collection[Finding]) -> list[Question]:
    """Those of these findings that can be answered here, in their order."""
    words = labels.labels(portfolio)
    if words.model is None:
        return []
    asked = [finding for finding in findings if can_be_asked(words.model, finding)]
    states = _states(asked)
    spoken = evidence.likely(portfolio, asked, states, words.model)
    found = []
    for finding in asked:
        state = states.get((finding.connection_id, finding.account_id))
        if state is not None:
            found.append(_question(finding, state, words, spoken.get(finding.pk, [])))
    return found


def _states(asked: Collection[Finding]) -> dict[tuple[int, str], AccountState]:
    ids = sorted({finding.account_id for finding in asked})
    connections = {finding.connection_id for finding in asked}
    rows = (
        state
        for some in portions(ids)
        for state in AccountState.objects.filter(connection__in=connections, record_id__in=some).select_related(
            "connection", "score"
        )
    )
    return {(state.connection_id, state.record_id): state for state in rows}


def _question(
    finding: Finding, state: AccountState, words: labels.Labels, spoken: Sequence[evidence.Likely]
) -> Question:
    model = words.model
    assert model is not None
    field, held = finding.field, answering.held(state)
    together = choices.fields_of(model, field)
    result: Mapping[str, Any] = state.score.result if state.score else {}
    others = [*spoken]
    if finding.rule == "stale":
        others.append((held, "It stands there now. Choosing it says that it still holds."))
    return Question(
        finding=finding,
        account=state,
        field=field,
        title=titled(words, together),
        held=held,
        now=said(words, {name: held[name] for name in together}),
        url=record_url(state.connection, "account", state.record_id),
        suggestions=choices.suggestions(model, field, held, result, others),
        offered=choices.offered(model, field, held),
        model=model,
    )


def titled(words: labels.Labels, fields: Iterable[str]) -> str:
    """What fields that are answered together are called: "Segment and sub-segment"."""
    return " and ".join(words.field(name) for name in fields).capitalize()


def said(words: labels.Labels, values: Mapping[str, str]) -> str:
    """Values as people read them: "Energy › Utilities"; "" where nothing stands."""
    named = {"segment": words.segment, "sub_segment": words.sub_segment, "value_profile": words.value_profile}
    return " › ".join(named[name](value) for name, value in values.items() if value)


def model_of(portfolio: Portfolio) -> Model | None:
    """The model in force."""
    published = portfolio.model_in_force()
    return outputs.model(published) if published else None
