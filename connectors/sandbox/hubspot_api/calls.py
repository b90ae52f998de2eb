"""One call as the resources see it, what they answer, and refusals in HubSpot's form."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.sandbox.hubspot_api.shapes import check
from connectors.sandbox.portal.apps import Grant
from connectors.sandbox.portal.history import Source, app
from connectors.sandbox.portal.outcomes import CONFLICT, NOT_FOUND, VALIDATION, Problem, Refused, refused
from connectors.sandbox.portal.schema import ObjectType
from connectors.sandbox.portal.standard import object_type

_STATUS = {NOT_FOUND: 404, CONFLICT: 409}
#: Inputs of a batch.
BATCH = 100


@dataclass(frozen=True)
class Call:
    """A call with a good token.

    Attributes:
        path: without the API's version, e.g. "objects/companies/batch/read".
        parts: the values of the path's variables.
        query: each parameter with all its values.
        base, url: where the client reached us, and the path it named.
        dated: whether that path names a date as the version.
    """

    grant: Grant
    method: str
    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    url: str = ""
    dated: bool = False
    parts: tuple[str, ...] = ()

    @property
    def source(self) -> Source:
        """Of what is written by this call."""
        return app(self.grant.app_id)

    def kind(self, place: int = 0) -> ObjectType:
        """The object type that a part of the path names. Raises Refused."""
        found = object_type(self.parts[place])
        if found is None:
            raise refused(VALIDATION, f"Unable to infer object type from: {self.parts[place]}")
        return found

    def one(self, name: str, default: str = "") -> str:
        """The value of a query parameter."""
        return next(iter(self.query.get(name, ())), default)

    def listed(self, name: str) -> list[str]:
        """A parameter that is given several times, or once with commas."""
        return [each for text in self.query.get(name, ()) for each in text.split(",") if each]

    def flag(self, name: str) -> bool:
        return self.one(name).lower() == "true"

    def limit(self, default: int, most: int) -> int:
        """Raises Refused for a page that is too large."""
        text = self.one("limit", str(default))
        return checked_limit(text, most)

    def after(self) -> int:
        """Where a page starts. Raises Refused."""
        return whole(self.one("after", "0"), "after")

    def content(self) -> dict[str, Any]:
        """The body as a JSON object. Raises Refused."""
        try:
            content = json.loads(self.body or b"{}")
        except ValueError as error:
            raise refused(VALIDATION, f"Invalid input JSON on line 1, column 1: {error}") from None
        if not isinstance(content, dict):
            raise refused(VALIDATION, "Invalid input JSON on line 1, column 1: a JSON object is needed")
        check(content)
        return content

    def inputs(self, most: int = BATCH) -> list[dict[str, Any]]:
        """The inputs of a batch. Raises Refused."""
        inputs = self.content().get("inputs")
        if inputs is None:
            raise refused(VALIDATION, "Invalid input JSON: some required fields were not set: [inputs]")
        listed: list[dict[str, Any]] = inputs
        if len(listed) > most:
            # unverified: the words in which a batch with too many inputs is refused.
            raise refused(VALIDATION, f"The number of inputs ({len(listed)}) is more than the {most} that are allowed.")
        return listed


@dataclass(frozen=True)
class Reply:
    """Status and JSON body; None sends no body."""

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Resource = Callable[[Call], Reply]
#: Method, pattern of the path (its groups become `Call.parts`), the scope it needs ("" for none; `{0}` stands for the
#: scope of the object type in the first part), and the resource.
Entry = tuple[str, str, str, Resource]


def whole(text: str, name: str) -> int:
    if not text.isdecimal() or len(text) > 18:
        raise refused(VALIDATION, f"{name} must be a whole number, it is '{text}'.", **{name: text})
    return int(text)


def checked_limit(text: str, most: int) -> int:
    number = whole(text, "limit")
    if not 0 < number <= most:
        raise refused(VALIDATION, f"Invalid limit {number}: it must be between 1 and {most}.", limit=text)
    return number


def status_of(problem: Problem) -> int:
    return _STATUS.get(problem.category, 400)


def error_body(problem: Problem) -> dict[str, Any]:
    """A refusal of a whole request."""
    body: dict[str, Any] = {"status": "error", "message": problem.message, "correlationId": str(uuid.uuid4())}
    if problem.context:
        body["context"] = {key: list(values) for key, values in problem.context.items()}
    if problem.details:
        body["errors"] = _details(problem)
    body["category"] = problem.category
    if problem.sub_category:
        body["subCategory"] = problem.sub_category
    return body


def row_error(problem: Problem, ids: Sequence[str]) -> dict[str, Any]:
    """A refusal of some inputs of a batch."""
    context = {key: list(values) for key, values in problem.context.items() if key != "id"}
    body = {
        "status": "error", "category": problem.category, "message": problem.message,
        "context": {**context, **({"ids": list(ids)} if ids else {})}, "errors": _details(problem), "links": {},
    }  # fmt: skip
    return {**body, "subCategory": problem.sub_category} if problem.sub_category else body


def _details(problem: Problem) -> list[dict[str, Any]]:
    return [
        {
            "message": each.message, **({"code": each.code} if each.code else {}),
            "context": {key: list(values) for key, values in each.context.items()},
        }
        for each in problem.details
    ]  # fmt: skip


def answered(resource: Resource, call: Call) -> Reply:
    """The resource's reply, or its refusal."""
    try:
        return resource(call)
    except Refused as error:
        return Reply(error_body(error.problem), status_of(error.problem))
