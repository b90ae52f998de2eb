"""One REST call as the resources see it, and what they answer. No resource knows of HTTP servers or threads."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from connectors.sandbox.org.org import WriteOptions

# unverified: the HTTP status of each single-record error (400 for validation codes, 404 for gone records).
#: Statuses of single-record errors other than 400.
_STATUS = {
    "NOT_FOUND": 404,
    "ENTITY_IS_DELETED": 404,
    "INSUFFICIENT_ACCESS_OR_READONLY": 403,
    "REQUEST_LIMIT_EXCEEDED": 403,
    "METHOD_NOT_ALLOWED": 405,
    "INVALID_SESSION_ID": 401,
}
#: Describe and sobjects resources answer an unknown object with 404.
MISSING = "The requested resource does not exist"


class ApiError(Exception):
    """A call that is refused as a whole."""

    def __init__(self, code: str, message: str, fields: tuple[str, ...] = (), status: int = 0) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.fields = fields
        self.status = status or _STATUS.get(code, 400)


@dataclass(frozen=True)
class Call:
    """A call with a live token.

    Attributes:
        version: of the API, e.g. "63.0".
        path: below `/services/data/vXX.X/`, without slashes at its ends.
        parts: the values of the path's variables.
        headers: names in lower case.
        upload: the body of a PUT, which is kept in a file: it may be large. The caller of the resource deletes it.
    """

    user_id: str
    method: str
    version: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    base: str = ""
    parts: tuple[str, ...] = ()
    upload: Path | None = None

    @property
    def root(self) -> str:
        return f"/services/data/v{self.version}"

    def content(self) -> Any:
        """The body as JSON. Raises ApiError("JSON_PARSER_ERROR", ...)."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ApiError("JSON_PARSER_ERROR", f"{error} at [line:1, column:1]") from None

    def mapping(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ApiError."""
        content = self.content()
        if not isinstance(content, dict):
            raise ApiError("JSON_PARSER_ERROR", "Cannot deserialize instance of object from the request's body")
        return content

    def write_options(self, *, all_or_none: bool = False) -> WriteOptions:
        """What the headers say about a write. Assignment rules run unless told otherwise."""
        duplicates = self.headers.get("sforce-duplicate-rule-header", "").replace(" ", "").lower()
        return WriteOptions(
            user_id=self.user_id,
            all_or_none=all_or_none,
            auto_assign=self.headers.get("sforce-auto-assign", "true").lower() != "false",
            allow_duplicates="allowsave=true" in duplicates,
            secured=True,
        )


@dataclass(frozen=True)
class Reply:
    """Status and JSON body; None sends no body.

    Attributes:
        content: bytes to send instead, piece by piece, as `media_type`.
    """

    body: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    content: Iterable[bytes] | None = None
    media_type: str = "text/csv"


Resource = Callable[[Call], Reply]
#: Methods, pattern of the path (its groups become `Call.parts`), and the resource.
Entry = tuple[tuple[str, ...], str, Resource]


def problem(error: ApiError) -> Reply:
    """A refusal in the form of REST: a list with one entry."""
    entry: dict[str, Any] = {"message": error.message, "errorCode": error.code}
    if error.fields:
        entry["fields"] = list(error.fields)
    return Reply([entry], error.status)
