"""Associations between records: read, made and removed by the batch or one by one; their types and labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, row_error, whole
from connectors.sandbox.hubspot_api.paging import forward
from connectors.sandbox.portal.association_types import OWN, AssociationType
from connectors.sandbox.portal.associations import Link
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, Problem, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.schema import ObjectType

#: Inputs of a batch that reads and of one that writes; associations of one record in a reply.
_READ, _WRITE, _PAGE = 1000, 2000, 500


@dataclass(frozen=True)
class Pair:
    """The object types that the path names."""

    source: ObjectType
    target: ObjectType

    @classmethod
    def of(cls, call: Call, source: int, target: int) -> Pair:
        """Those in these parts of the path. Raises Refused."""
        return cls(call.kind(source), call.kind(target))


@dataclass(frozen=True)
class Ends:
    """The records at both ends of associations that a call names, and the reply to a batch of them."""

    portal: Portal

    def of(
        self, pair: Pair, inputs: Sequence[dict[str, Any]]
    ) -> tuple[list[tuple[int, int] | None], list[dict[str, Any]]]:
        """The records that the inputs name, None where one is not there, and errors for those."""
        ids = [(_id(each.get("from")), _id(each.get("to"))) for each in inputs]
        sources = self.known(pair.source, [one for one, _ in ids])
        targets = self.known(pair.target, [two for _, two in ids])
        errors = [
            row_error(Problem(NOT_FOUND, f"No record found for {one} or {two}"), [one, two])
            for one, two in ids
            if one not in sources or two not in targets
        ]
        return [(int(one), int(two)) if one in sources and two in targets else None for one, two in ids], errors

    def known(self, kind: ObjectType, given: Iterable[str]) -> set[str]:
        """Of these ids, those of records in use."""
        ids = [int(each) for each in given if each.isdecimal() and len(each) < 19]
        return {str(each.id) for each in self.portal.records.fetch(kind, ids, ()).values() if not each.archived}

    def require(self, kind: ObjectType, record_id: int) -> None:
        """Raises Refused for a record that is not there."""
        if str(record_id) not in self.known(kind, [str(record_id)]):
            raise refused(NOT_FOUND, f"{kind.label} {record_id} does not exist", id=str(record_id))

    def answer(self, results: Sequence[Any], errors: Sequence[dict[str, Any]], status: int) -> Reply:
        """What became of a batch."""
        now = to_text(self.portal.now())
        body = {"status": "COMPLETE", "results": list(results), "startedAt": now, "completedAt": now}
        if not errors:
            return Reply(body, status)
        return Reply({**body, "numErrors": len(errors), "errors": list(errors)}, 207)


@dataclass(frozen=True)
class AssociationResources:
    """Associations of one portal."""

    portal: Portal

    @property
    def ends(self) -> Ends:
        return Ends(self.portal)

    def entries(self) -> list[Entry]:
        pair = r"associations/([\w-]+)/([\w-]+)"
        one = r"objects/([\w-]+)/(\d+)/associations/([\w-]+)"
        return [
            ("POST", pair + "/batch/read", "{0}.read", self.read_batch),
            ("POST", pair + "/batch/create", "{0}.write", self.create_batch),
            ("POST", pair + "/batch/associate/default", "{0}.write", self.create_default_batch),
            ("POST", pair + "/batch/archive", "{0}.write", self.archive_batch),
            ("POST", pair + "/batch/labels/archive", "{0}.write", self.archive_labels),
            ("GET", pair + "/labels", "{0}.read", self.labels),
            ("POST", pair + "/labels", "{0}.write", self.create_label),
            ("PUT", pair + "/labels", "{0}.write", self.rename_label),
            ("DELETE", pair + r"/labels/(\d+)", "{0}.write", self.remove_label),
            ("PUT", r"objects/([\w-]+)/(\d+)/associations/default/([\w-]+)/(\d+)", "{0}.write", self.create_default),
            ("GET", one, "{0}.read", self.page),
            ("PUT", one + r"/(\d+)", "{0}.write", self.create),
            ("DELETE", one + r"/(\d+)", "{0}.write", self.archive),
        ]

    # --- by the batch --------------------------------------------------------------------------

    def read_batch(self, call: Call) -> Reply:
        pair, inputs = Pair.of(call, 0, 1), call.inputs(_READ)
        after = {str(each.get("id", "")): int(each.get("after") or 0) for each in inputs}
        known = self.ends.known(pair.source, after)
        found = self.portal.associations.of(pair.source, pair.target, [int(each) for each in after if each in known])
        results: list[dict[str, Any]] = []
        for given, start in after.items():
            others = [each for each in found.get(int(given), {}).items() if each[0] > start] if given in known else []
            if others:
                page = others[:_PAGE]
                more = {"paging": {"next": {"after": str(page[-1][0])}}} if len(others) > _PAGE else {}
                results.append({"from": {"id": given}, "to": [_shown(call, *each) for each in page], **more})
        told = {each["from"]["id"] for each in results}
        errors = [
            row_error(none_problem(pair, given, known=given in known), []) for given in after if given not in told
        ]
        return self.ends.answer(results, errors, 200)

    def create_batch(self, call: Call) -> Reply:
        pair, inputs = Pair.of(call, 0, 1), call.inputs(_WRITE)
        chosen = [self._types(pair, each.get("types")) for each in inputs]
        ends, errors = self.ends.of(pair, inputs)
        links = [Link(*end, each) for end, types in zip(ends, chosen, strict=True) if end is not None for each in types]
        self.portal.associations.add(pair.source, pair.target, links)
        results = [_labels(call, pair, end, types) for end, types in zip(ends, chosen, strict=True) if end is not None]
        return self.ends.answer(results, errors, 201)

    def create_default_batch(self, call: Call) -> Reply:
        pair, inputs = Pair.of(call, 0, 1), call.inputs(_WRITE)
        ends, errors = self.ends.of(pair, inputs)
        return self._default(pair, [end for end in ends if end is not None], errors)

    def archive_batch(self, call: Call) -> Reply:
        """Everything between the records that are named."""
        pair = Pair.of(call, 0, 1)
        pairs = [
            (whole(_id(each.get("from")), "from"), whole(_id(other), "to"))
            for each in call.inputs(_WRITE)
            for other in each.get("to") or []
        ]
        self.portal.associations.remove(pair.source, pair.target, pairs)
        return Reply(status=204)

    def archive_labels(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 1)
        for each in call.inputs(_WRITE):
            ends = (whole(_id(each.get("from")), "from"), whole(_id(each.get("to")), "to"))
            for chosen in self._types(pair, each.get("types")):
                self.portal.associations.remove(pair.source, pair.target, [ends], chosen)
        return Reply(status=204)

    # --- one by one ----------------------------------------------------------------------------

    def page(self, call: Call) -> Reply:
        pair, record_id = Pair.of(call, 0, 2), int(call.parts[1])
        self.ends.require(pair.source, record_id)
        limit, after = call.limit(_PAGE, _PAGE), call.after()
        found = self.portal.associations.of(pair.source, pair.target, [record_id]).get(record_id, {})
        others = [each for each in found.items() if each[0] > after]
        more = forward(call, str(others[limit - 1][0])) if len(others) > limit else {}
        return Reply({"results": [_shown(call, *each) for each in others[:limit]], **more})

    def create(self, call: Call) -> Reply:
        pair, ends = Pair.of(call, 0, 2), (int(call.parts[1]), int(call.parts[3]))
        specs = _listed(call)
        chosen = self._types(pair, specs)
        self.ends.require(pair.source, ends[0])
        self.ends.require(pair.target, ends[1])
        self.portal.associations.add(pair.source, pair.target, [Link(*ends, each) for each in chosen])
        return Reply(_labels(call, pair, ends, chosen), 201)

    def create_default(self, call: Call) -> Reply:
        pair, ends = Pair.of(call, 0, 2), (int(call.parts[1]), int(call.parts[3]))
        self.ends.require(pair.source, ends[0])
        self.ends.require(pair.target, ends[1])
        return self._default(pair, [ends], [])

    def archive(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 2)
        self.portal.associations.remove(pair.source, pair.target, [(int(call.parts[1]), int(call.parts[3]))])
        return Reply(status=204)

    # --- types ---------------------------------------------------------------------------------

    def labels(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 1)
        found = self.portal.associations.types.between(pair.source, pair.target)
        return Reply({"results": [_spec(each) for each in found]})

    def create_label(self, call: Call) -> Reply:
        pair, content = Pair.of(call, 0, 1), call.content()
        name, label = str(content.get("name") or ""), str(content.get("label") or "")
        if not name or not label:
            raise refused(VALIDATION, "Invalid input JSON: some required fields were not set: [name, label]")
        made = self.portal.associations.types.add_label(
            pair.source, pair.target, name, label, str(content.get("inverseLabel") or "")
        )
        return Reply({"results": [_spec(each) for each in made]})

    def rename_label(self, call: Call) -> Reply:
        pair, content = Pair.of(call, 0, 1), call.content()
        number, label = content.get("associationTypeId"), str(content.get("label") or "")
        if not isinstance(number, int) or not label:
            raise refused(
                VALIDATION, "Invalid input JSON: some required fields were not set: [associationTypeId, label]"
            )
        chosen = self.portal.associations.types.get(pair.source, pair.target, OWN, number)
        self.portal.associations.types.rename(chosen, label, str(content.get("inverseLabel") or ""))
        return Reply(status=204)

    def remove_label(self, call: Call) -> Reply:
        """Records stay associated, without the label."""
        pair = Pair.of(call, 0, 1)
        self.portal.associations.types.remove(
            self.portal.associations.types.get(pair.source, pair.target, OWN, int(call.parts[2]))
        )
        return Reply(status=204)

    # --- shared --------------------------------------------------------------------------------

    def _default(self, pair: Pair, ends: Sequence[tuple[int, int]], errors: Sequence[dict[str, Any]]) -> Reply:
        plain = self.portal.associations.types.plain(pair.source, pair.target)
        self.portal.associations.add(pair.source, pair.target, [Link(*end, plain) for end in ends])
        there = {"associationCategory": plain.category, "associationTypeId": plain.number}
        back = {"associationCategory": plain.category, "associationTypeId": plain.inverse}
        results = [
            {"from": {"id": str(one)}, "to": {"id": str(two)}, "associationSpec": spec}
            for first, second in ends
            for one, two, spec in ((first, second, there), (second, first, back))
        ]
        return self.ends.answer(results, errors, 200)

    def _types(self, pair: Pair, specs: Any) -> list[AssociationType]:
        """Raises Refused for a type that is not between these object types, and for none."""
        if not isinstance(specs, list) or not specs:
            raise refused(VALIDATION, "Invalid input JSON: some required fields were not set: [types]")
        return [
            self.portal.associations.types.get(
                pair.source, pair.target, str(each.get("associationCategory")), each.get("associationTypeId")
            )
            for each in specs
        ]


def none_problem(pair: Pair, given: str, *, known: bool) -> Problem:
    # unverified: a record without associations of the sort is an error of the batch, like one that is not there;
    # context and words of both.
    context = {"fromObjectId": given, "fromObjectType": pair.source.singular, "toObjectType": pair.target.singular}
    message = f"No {pair.target.singular} is associated with {pair.source.singular} {given}."
    code = "crm.associations.NO_ASSOCIATIONS_FOUND" if known else "crm.associations.FROM_OBJECT_NOT_FOUND"
    return Problem(NOT_FOUND, message, {key: (value,) for key, value in context.items()}, sub_category=code)


def _id(end: Any) -> str:
    return str(end.get("id", "")) if isinstance(end, dict) else ""


def _listed(call: Call) -> Any:
    """The body of this one resource is a list."""
    content = Call(call.grant, call.method, call.path, body=b'{"types":' + call.body + b"}").content()
    return content["types"]


def _spec(kind: AssociationType) -> dict[str, Any]:
    return {"category": kind.category, "typeId": kind.number, "label": kind.label or None}


def _shown(call: Call, to_id: int, kinds: Sequence[AssociationType]) -> dict[str, Any]:
    return {"toObjectId": _number(call, to_id), "associationTypes": [_spec(each) for each in kinds]}


def _number(call: Call, record_id: int) -> int | str:
    # unverified: in v4 the ids of associated records are numbers, under dated paths texts.
    return str(record_id) if call.dated else record_id


def _labels(call: Call, pair: Pair, ends: tuple[int, int], kinds: Sequence[AssociationType]) -> dict[str, Any]:
    return {
        "fromObjectTypeId": pair.source.type_id, "fromObjectId": _number(call, ends[0]),
        "toObjectTypeId": pair.target.type_id, "toObjectId": _number(call, ends[1]),
        "labels": [each.label for each in kinds if each.label],
    }  # fmt: skip
