"""Records behind a scripted account: lists and searches as HubSpot's documentation describes them, limits included."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.connectors.hubspot.conftest import Reply

if TYPE_CHECKING:
    from tests.connectors.hubspot.conftest import CannedAccount, Request

Row = dict[str, Any]
_COMPARE: Mapping[str, Callable[[int, int], bool]] = {
    "GT": lambda left, right: left > right,
    "GTE": lambda left, right: left >= right,
    "LT": lambda left, right: left < right,
    "EQ": lambda left, right: left == right,
}


def stamp(milliseconds: int) -> str:
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Records:
    """The records of one object: id -> (modified in ms, other properties). `cap`: results that one query gives."""

    name: str
    cap: int = 10_000
    rows: dict[int, tuple[int, dict[str, Any]]] = field(default_factory=dict)
    archived: list[Row] = field(default_factory=list)

    def serve(self, account: CannedAccount) -> None:
        account.on("GET", rf"/crm/v3/objects/{self.name}\?", self._list)
        account.on("POST", rf"/crm/v3/objects/{self.name}/search$", self._search)
        account.on("POST", rf"/crm/v3/objects/{self.name}/batch/read$", self._read)

    def _row(self, record_id: int) -> Row:
        modified, values = self.rows[record_id]
        about = {"hs_object_id": str(record_id), "hs_lastmodifieddate": stamp(modified), **values}
        return {"id": str(record_id), "properties": about, "updatedAt": stamp(modified), "archived": False}

    def _list(self, request: Request) -> Reply:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(request.path).query).items()}
        if asked["archived"] == "true":
            place = int(asked.get("after", 0))
            more = {"paging": {"next": {"after": str(place + 100)}}} if len(self.archived) > place + 100 else {}
            return Reply({"results": self.archived[place : place + 100], **more})
        after, limit = int(asked.get("after", 0)), int(asked["limit"])
        assert limit <= 100
        ids = sorted(each for each in self.rows if each >= after)
        more = {"paging": {"next": {"after": str(ids[limit])}}} if len(ids) > limit else {}
        return Reply({"results": [self._row(each) for each in ids[:limit]], **more})

    def _read(self, request: Request) -> Reply:
        return Reply({"results": [self._row(int(each["id"])) for each in request.json["inputs"]]})

    def _search(self, request: Request) -> Reply:
        body = request.json
        assert len(request.body) <= 3000
        start, limit = int(body.get("after", 0)), body["limit"]
        assert limit <= 200
        if start + limit > self.cap:
            return Reply({"status": "error", "category": "VALIDATION_ERROR", "message": "paging past 10,000"}, 400)
        found = list(self.rows)
        for each in (each for group in body.get("filterGroups", ()) for each in group["filters"]):
            found = [record for record in found if self._fits(record, each)]
        (sort,) = body["sorts"]
        found.sort(
            key=lambda record: self._value(record, sort["propertyName"]), reverse=sort["direction"] != "ASCENDING"
        )
        return Reply({"total": len(found), "results": [self._row(each) for each in found[start : start + limit]]})

    def _fits(self, record: int, filter_: dict[str, str]) -> bool:
        name, operator = filter_["propertyName"], filter_["operator"]
        if operator == "HAS_PROPERTY":
            return bool(self.rows[record][1].get(name))
        return _COMPARE[operator](self._value(record, name), int(filter_["value"]))

    def _value(self, record: int, name: str) -> int:
        return record if name == "hs_object_id" else self.rows[record][0]


def belongs(account: CannedAccount, source: str, target: str, ends: Mapping[int, list[tuple[int, int]]]) -> None:
    """Associations: record -> (id of the other, type)."""

    def answer(request: Request) -> Reply:
        asked = [int(each["id"]) for each in request.json["inputs"]]
        assert len(asked) <= 1000
        assert len(set(asked)) == len(asked)
        results = [
            {
                "from": {"id": str(each)},
                "to": [
                    {"toObjectId": other, "associationTypes": [{"category": "HUBSPOT_DEFINED", "typeId": kind}]}
                    for other, kind in ends[each]
                ],
            }
            for each in asked
            if each in ends
        ]
        errors = [
            {
                "status": "error", "category": "OBJECT_NOT_FOUND",
                "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND", "context": {"fromObjectId": [str(each)]},
                "message": f"No {target} is associated with {source} {each}.",
            }
            for each in asked
            if each not in ends
        ]  # fmt: skip
        extra = {"numErrors": len(errors), "errors": errors} if errors else {}
        return Reply({"status": "COMPLETE", "results": results, **extra}, 207 if errors else 200)

    account.on("POST", f"/crm/v4/associations/{source}/{target}/batch/read$", answer)
