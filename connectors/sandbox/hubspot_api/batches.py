"""Records by the hundred. What becomes of a batch with a bad input is a setting of the portal: `batch_failures`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, row_error
from connectors.sandbox.hubspot_api.linking import links_of
from connectors.sandbox.hubspot_api.objects import properties_of
from connectors.sandbox.hubspot_api.presenting import Shape, presented
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, Problem, Refused, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.writes import Change, Outcome, refuse_twice

# unverified: which of these ways of telling of bad inputs a portal uses when; all of them have been reported.
#: "mixed", the default: bad values refuse the whole batch, ids that lead nowhere are errors among the results.
#: "each": every bad input is an error among the results. "all": one bad input of any sort refuses the batch.
#: "silent": bad inputs are missing among the results, and nothing is said about them.
Failures = Literal["mixed", "each", "all", "silent"]


@dataclass(frozen=True)
class Batches:
    """The batch resources of one portal."""

    portal: Portal

    def entries(self) -> list[Entry]:
        at = r"objects/([\w-]+)/batch/"
        return [
            ("POST", at + "read", "{0}.read", self.read),
            ("POST", at + "create", "{0}.write", self.create),
            ("POST", at + "update", "{0}.write", self.update),
            ("POST", at + "upsert", "{0}.write", self.upsert),
            ("POST", at + "archive", "{0}.write", self.archive),
        ]

    @property
    def failures(self) -> Failures:
        setting: Failures = self.portal.setting("batch_failures") or "mixed"
        return setting

    def read(self, call: Call) -> Reply:
        kind, content, inputs = call.kind(), call.content(), call.inputs()
        given = [str(each.get("id", "")) for each in inputs]
        refuse_twice(given)
        shape = Shape(self.portal, kind, content.get("properties") or [], content.get("propertiesWithHistory") or [])
        ids = self._ids(kind, given, str(content.get("idProperty") or ""))
        archived = call.flag("archived")
        found = self.portal.read(kind, [each for each in ids if each is not None], shape.names)
        records, gone = [], []
        for text, record_id in zip(given, ids, strict=True):
            record = found.get(record_id) if record_id is not None else None
            if record is None or bool(record.archived) != archived:
                gone.append(text)
            else:
                records.append(record)
        results = presented(self.portal, kind, shape, {each.id: each for each in records}.values())
        # unverified: the words in which a batch names the ids that lead nowhere; they are one error together.
        message = "Could not get some objects, they may be deleted or not exist. Check that ids are valid."
        problem = Problem(NOT_FOUND, message)
        return self._answer(results, [(problem, gone)] if gone else [], 200)

    def _ids(self, kind: ObjectType, given: Sequence[str], prop: str) -> list[int | None]:
        if not prop:
            return [int(each) if each.isdecimal() and len(each) < 19 else None for each in given]
        self.portal.writer.require_unique(kind, prop)
        found = self.portal.records.find(kind, prop, [each.lower() if prop == "email" else each for each in given])
        return [found.get(each.lower()) for each in given]

    def create(self, call: Call) -> Reply:
        kind, inputs = call.kind(), call.inputs()
        rows = [properties_of(each) for each in inputs]
        # A trace id on every input asks for errors among the results.
        traced = bool(inputs) and all(each.get("objectWriteTraceId") for each in inputs)
        with self.portal.records.writing():
            links = [links_of(self.portal, kind, each.get("associations") or []) for each in inputs]
            outcomes = self.portal.create(kind, rows, source=call.source)
            self._refuse_whole(outcomes, traced=traced)
            for link, outcome in zip(links, outcomes, strict=True):
                if isinstance(outcome, int):
                    link.add(self.portal, kind, outcome)
        traces = [str(each.get("objectWriteTraceId") or "") for each in inputs]
        return self._written(kind, outcomes, traces, rows, 201, "objectWriteTraceId")

    def update(self, call: Call) -> Reply:
        kind, changes = call.kind(), [_change(each) for each in call.inputs()]
        with self.portal.records.writing():  # what is refused below undoes what was written
            outcomes = self.portal.update(kind, changes, source=call.source)
            self._refuse_whole(outcomes)
        return self._written(kind, outcomes, [each.id for each in changes], [each.properties for each in changes], 200)

    def _refuse_whole(self, outcomes: Sequence[Outcome], *, traced: bool = False) -> None:
        """Raises Refused with the first problem that refuses the whole batch."""
        problems = [each for each in outcomes if isinstance(each, Problem)]
        if self.failures == "mixed":
            problems = [] if traced else [each for each in problems if each.category != NOT_FOUND]
        if problems and self.failures in ("mixed", "all"):
            raise Refused(problems[0])

    def upsert(self, call: Call) -> Reply:
        kind, changes = call.kind(), [_change(each) for each in call.inputs()]
        for change in changes:
            if not change.id_property:
                raise refused(VALIDATION, "Unable to perform upsert without idProperty.")
        with self.portal.records.writing():
            known = self.portal.writer.resolve(kind, changes)
            old = [change for change, record_id in zip(changes, known, strict=True) if record_id is not None]
            new = [change for change, record_id in zip(changes, known, strict=True) if record_id is None]
            updated = self.portal.update(kind, old, source=call.source)
            rows = [{change.id_property: change.id, **change.properties} for change in new]
            created = self.portal.create(kind, rows, source=call.source)
            self._refuse_whole([*updated, *created])
        written = [change.properties for change in old] + rows
        changed = self._written(kind, [*updated, *created], [change.id for change in (*old, *new)], written, 200)
        is_new = {str(each) for each in created if isinstance(each, int)}
        for result in changed.body["results"]:
            result["new"] = result["id"] in is_new
        return changed

    def archive(self, call: Call) -> Reply:
        given = [str(each.get("id", "")) for each in call.inputs()]
        self.portal.archive(call.kind(), given, source=call.source)
        return Reply(status=204)

    def _written(
        self,
        kind: ObjectType,
        outcomes: Sequence[Outcome],
        given: Sequence[str],
        rows: Sequence[Any],
        status: int,
        named: str = "ids",
    ) -> Reply:
        """Records that were written, and what became of the others. `named`: what errors call their input."""
        shape = Shape(self.portal, kind, sorted({name for row in rows for name in row}))
        ids = [each for each in outcomes if isinstance(each, int)]
        fetched = self.portal.records.fetch(kind, ids, shape.names)
        results = [shape.record(fetched[each]) for each in ids]
        if named != "ids":
            traces = [trace for trace, each in zip(given, outcomes, strict=True) if isinstance(each, int)]
            for result, trace in zip(results, traces, strict=True):
                if trace:
                    result["objectWriteTraceId"] = trace
        bad = [(each, [text]) for each, text in zip(outcomes, given, strict=True) if isinstance(each, Problem)]
        return self._answer(results, bad, status, named)

    def _answer(
        self,
        results: list[dict[str, Any]],
        bad: Sequence[tuple[Problem, Sequence[str]]],
        status: int,
        named: str = "ids",
    ) -> Reply:
        now = to_text(self.portal.now())
        body: dict[str, Any] = {"status": "COMPLETE", "results": results, "startedAt": now, "completedAt": now}
        if not bad:
            return Reply(body, status)
        if self.failures == "all":
            raise Refused(bad[0][0])
        if self.failures == "silent":
            return Reply(body, 207)
        errors = [row_error(problem, given if named == "ids" else ()) for problem, given in bad]
        if named != "ids":
            for error, (_, given) in zip(errors, bad, strict=True):
                error["context"][named] = list(given)
        return Reply({**body, "numErrors": len(errors), "errors": errors}, 207)


def _change(given: dict[str, Any]) -> Change:
    return Change(str(given.get("id", "")), properties_of(given), str(given.get("idProperty") or ""))
