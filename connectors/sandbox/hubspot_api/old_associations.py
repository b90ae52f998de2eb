"""Associations as version 3 of the API has them: by the name of the type, one entry per type, without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.associations import Ends, Pair, none_problem
from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, row_error, whole
from connectors.sandbox.hubspot_api.linking import associated, old_name
from connectors.sandbox.hubspot_api.paging import forward
from connectors.sandbox.hubspot_api.presenting import Shape
from connectors.sandbox.portal.association_types import AssociationType
from connectors.sandbox.portal.associations import Link
from connectors.sandbox.portal.outcomes import VALIDATION, refused
from connectors.sandbox.portal.portal import Portal

_READ, _WRITE, _PAGE = 1000, 2000, 500


@dataclass(frozen=True)
class OldAssociations:
    """Associations of one portal under the paths of version 3."""

    portal: Portal

    def entries(self) -> list[Entry]:
        pair = r"v3/associations/([\w-]+)/([\w-]+)"
        near = r"v3/objects/([\w-]+)/(\d+)/associations/([\w-]+)"
        one = near + r"/(\d+)/([\w-]+)"
        return [
            ("POST", pair + "/batch/read", "{0}.read", self.read_batch),
            ("POST", pair + "/batch/create", "{0}.write", self.create_batch),
            ("POST", pair + "/batch/archive", "{0}.write", self.archive_batch),
            ("GET", pair + "/types", "{0}.read", self.types),
            ("GET", near, "{0}.read", self.page),
            ("PUT", one, "{0}.write", self.create),
            ("DELETE", one, "{0}.write", self.archive),
        ]

    @property
    def ends(self) -> Ends:
        return Ends(self.portal)

    def types(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 1)
        found = self.portal.associations.types.between(pair.source, pair.target)
        return Reply({"results": [{"id": str(each.number), "name": old_name(each)} for each in found]})

    def read_batch(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 1)
        asked = list(dict.fromkeys(str(each.get("id", "")) for each in call.inputs(_READ)))
        known = self.ends.known(pair.source, asked)
        held = self._held(pair, [int(each) for each in asked if each in known])
        results, errors = [], []
        for given in asked:
            others = held.get(int(given), []) if given in known else []
            if others:
                more = {"paging": {"next": {"after": others[_PAGE - 1]["id"]}}} if len(others) > _PAGE else {}
                results.append({"from": {"id": given}, "to": others[:_PAGE], **more})
            else:
                errors.append(row_error(none_problem(pair, given, known=given in known), []))
        return self.ends.answer(results, errors, 200)

    def create_batch(self, call: Call) -> Reply:
        pair, inputs = Pair.of(call, 0, 1), call.inputs(_WRITE)
        chosen = [self._type(pair, str(each.get("type") or "")) for each in inputs]
        ends, errors = self.ends.of(pair, inputs)
        made = [(end, each) for end, each in zip(ends, chosen, strict=True) if end is not None]
        self.portal.associations.add(pair.source, pair.target, [Link(*end, each) for end, each in made])
        results = [
            {"from": {"id": str(one)}, "to": {"id": str(two)}, "type": old_name(each)} for (one, two), each in made
        ]
        return self.ends.answer(results, errors, 201)

    def archive_batch(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 1)
        for given in call.inputs(_WRITE):
            ends = tuple(whole(str((given.get(name) or {}).get("id", "")), name) for name in ("from", "to"))
            self._remove(pair, (ends[0], ends[1]), str(given.get("type") or ""))
        return Reply(status=204)

    def page(self, call: Call) -> Reply:
        pair, record_id = Pair.of(call, 0, 2), int(call.parts[1])
        self.ends.require(pair.source, record_id)
        limit, after = call.limit(_PAGE, _PAGE), call.after()
        ids = sorted(self.portal.associations.of(pair.source, pair.target, [record_id]).get(record_id, {}))
        wanted = [each for each in ids if each > after]
        more = forward(call, str(wanted[limit - 1])) if len(wanted) > limit else {}
        shown = {str(each) for each in wanted[:limit]}
        entries = self._held(pair, [record_id]).get(record_id, [])
        return Reply({"results": [each for each in entries if each["id"] in shown], **more})

    def create(self, call: Call) -> Reply:
        pair, ends = Pair.of(call, 0, 2), (int(call.parts[1]), int(call.parts[3]))
        chosen = self._type(pair, call.parts[4])
        self.ends.require(pair.source, ends[0])
        self.ends.require(pair.target, ends[1])
        self.portal.associations.add(pair.source, pair.target, [Link(*ends, chosen)])
        shape = Shape(self.portal, pair.source, [])
        record = self.portal.records.fetch(pair.source, [ends[0]], shape.names)[ends[0]]
        (told,) = associated(self.portal, pair.source, [ends[0]], [pair.target.name])
        return Reply({**shape.record(record), "associations": told})

    def archive(self, call: Call) -> Reply:
        pair = Pair.of(call, 0, 2)
        self._remove(pair, (int(call.parts[1]), int(call.parts[3])), call.parts[4])
        return Reply(status=204)

    def _remove(self, pair: Pair, ends: tuple[int, int], name: str) -> None:
        """Without a label there is nothing that a labelled association could stand on: all of them go."""
        chosen = self._type(pair, name)
        only = chosen if chosen.label else None
        self.portal.associations.remove(pair.source, pair.target, [ends], only)

    def _held(self, pair: Pair, ids: Sequence[int]) -> dict[int, list[dict[str, Any]]]:
        """Entries by record, in the order of the ids at the other end."""
        found = self.portal.associations.of(pair.source, pair.target, ids)
        return {
            record_id: [{"id": str(two), "type": old_name(each)} for two, kinds in others.items() for each in kinds]
            for record_id, others in found.items()
        }

    def _type(self, pair: Pair, name: str) -> AssociationType:
        """The type of that name or number. Raises Refused."""
        for each in self.portal.associations.types.between(pair.source, pair.target):
            if name.lower() in (old_name(each), str(each.number)):
                return each
        between = f"{pair.source.name} and {pair.target.name}"
        # unverified: the words in which an association type that version 3 does not know is refused.
        raise refused(VALIDATION, f"{name or 'An empty text'} is no type of association between {between}.", type=name)
