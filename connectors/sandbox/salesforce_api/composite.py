"""Several calls in one: `composite`, whose parts may refer to earlier results, `composite/graph` with several of such,
and `composite/batch`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from connectors.sandbox.salesforce_api.calls import ApiError, Call, Entry, Reply
from connectors.sandbox.salesforce_api.gateway import Gateway

Part = dict[str, Any]
MOST_PARTS = 25
MOST_GRAPHS, MOST_NODES = 75, 500
#: Of these at most so many may be queries or collections.
MOST_HEAVY = 5
_REFERENCE = re.compile(r"@\{([A-Za-z]\w*)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
#: What a node of a graph may be about: records, and nothing else.
_RECORD = re.compile(r"/services/data/v\d+\.\d/sobjects/\w+(/.*)?\Z")
_PREFIX = re.compile(r"/services/data/v(\d+\.\d)/(.*)")


class _Halted(Exception):
    """Undoes what the parts before did."""


@dataclass(frozen=True)
class Composite:
    """The parts go through the gateway like calls of their own, but count as one against the API budget."""

    gateway: Gateway

    def entries(self) -> list[Entry]:
        return [
            (("GET",), r"composite", self.resources),
            (("POST",), r"composite", self.composite),
            (("POST",), r"composite/graph", self.graphs),
            (("POST",), r"composite/batch", self.batch),
        ]

    def resources(self, call: Call) -> Reply:
        return Reply({name: f"{call.root}/composite/{name}" for name in ("tree", "batch", "sobjects", "graph")})

    def composite(self, call: Call) -> Reply:
        content = call.mapping()
        parts = _parts(content, "compositeRequest", MOST_PARTS)
        heavy = sum(bool(re.search(r"/(query|queryAll|composite/sobjects)\b", str(part.get("url")))) for part in parts)
        if heavy > MOST_HEAVY:
            raise ApiError("LIMIT_EXCEEDED", f"At most {MOST_HEAVY} parts may be queries or collections")
        answers, _ = self._in_turn(call, parts, all_or_none=content.get("allOrNone") is True)
        return Reply({"compositeResponse": answers})

    def graphs(self, call: Call) -> Reply:
        """Each graph is done wholly or not at all, whatever becomes of the others."""
        # unverified: the codes of a request for graphs that is refused as a whole.
        wanted = _parts(call.mapping(), "graphs", MOST_GRAPHS)
        names = [str(graph.get("graphId", "")) for graph in wanted]
        if len(set(names)) != len(names) or not all(names):
            raise ApiError("JSON_PARSER_ERROR", "Each graph needs a graphId of its own")
        nodes = [_parts(graph, "compositeRequest", MOST_NODES) for graph in wanted]
        if sum(map(len, nodes)) > MOST_NODES:
            raise ApiError("LIMIT_EXCEEDED", f"At most {MOST_NODES} nodes are allowed in one call")
        for node in (node for graph in nodes for node in graph):
            if not _RECORD.match(str(node.get("url"))):
                raise ApiError("INVALID_REQUEST", f"This address cannot be part of a graph: {node.get('url')}")
        told = []
        for name, graph in zip(names, nodes, strict=True):
            answers, done = self._in_turn(call, graph, all_or_none=True)
            told.append({"graphId": name, "graphResponse": {"compositeResponse": answers}, "isSuccessful": done})
        return Reply({"graphs": told})

    def _in_turn(self, call: Call, parts: list[Part], *, all_or_none: bool) -> tuple[list[Part], bool]:
        """What became of each part, and whether all succeeded."""
        names = [str(part.get("referenceId", "")) for part in parts]
        if len(set(names)) != len(names) or not all(names):
            raise ApiError("JSON_PARSER_ERROR", "Each part needs a referenceId of its own")
        replies: dict[str, Reply] = {}
        try:
            with self.gateway.org.store.writing():
                for name, part in zip(names, parts, strict=True):
                    replies[name] = self._answer(call, part, replies)
                    if all_or_none and replies[name].status >= 400:
                        raise _Halted
        except _Halted:
            halted = "The transaction was rolled back since another operation in the same transaction failed."
            problem = [{"errorCode": "PROCESSING_HALTED", "message": halted}]
            for name in names:
                if name not in replies or replies[name].status < 400:
                    replies[name] = Reply(problem, 400)
        answers: list[Part] = [
            {
                "body": replies[name].body,
                "httpHeaders": dict(replies[name].headers),
                "httpStatusCode": replies[name].status,
                "referenceId": name,
            }
            for name in names
        ]
        return answers, all(reply.status < 400 for reply in replies.values())

    def batch(self, call: Call) -> Reply:
        content = call.mapping()
        results: list[dict[str, Any]] = []
        halted = False
        for part in _parts(content, "batchRequests", MOST_PARTS):
            if halted:
                problem = [{"errorCode": "BATCH_PROCESSING_HALTED", "message": "Batch processing halted per request"}]
                results.append({"statusCode": 412, "result": problem})
                continue
            url = str(part.get("url", ""))
            absolute = url if url.startswith("/") else f"/services/data/{url}"
            reply = self._answer(call, {**part, "url": absolute, "body": part.get("richInput")}, {})
            results.append({"statusCode": reply.status, "result": reply.body})
            halted = content.get("haltOnError") is True and reply.status >= 400
        return Reply({"hasErrors": any(result["statusCode"] >= 400 for result in results), "results": results})

    def _answer(self, call: Call, part: Mapping[str, Any], replies: Mapping[str, Reply]) -> Reply:
        try:
            url = urlsplit(str(_resolved(part.get("url", ""), replies)))
            match = _PREFIX.match(url.path)
            if match is None or match[2].startswith("composite/batch") or match[2].strip("/") == "composite":
                raise ApiError("INVALID_REQUEST", f"This address cannot be part of a composite call: {url.path}")
            body = _resolved(part.get("body"), replies)
        except _Unknown as error:
            problem = {"errorCode": "PROCESSING_HALTED", "message": f"Invalid reference specified. {error}"}
            return Reply([problem], 400)
        inner = Call(
            user_id=call.user_id,
            method=str(part.get("method", "GET")).upper(),
            version=match[1],
            path=match[2].strip("/"),
            query=dict(parse_qsl(url.query)),
            headers={**call.headers, **{str(k).lower(): str(v) for k, v in (part.get("httpHeaders") or {}).items()}},
            body=b"" if body is None else json.dumps(body).encode(),
            base=call.base,
        )
        return self.gateway.answer(inner)


class _Unknown(Exception):
    """A reference to a result that is not there."""


def _parts(content: Mapping[str, Any], key: str, most: int) -> list[Part]:
    parts = content.get(key)
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        raise ApiError("JSON_PARSER_ERROR", f"{key} must be a list of objects")
    if len(parts) > most:
        raise ApiError("LIMIT_EXCEEDED", f"At most {most} parts are allowed in one call")
    return parts


def _resolved(value: Any, replies: Mapping[str, Reply]) -> Any:
    """The value with every `@{reference.path}` replaced by what it refers to."""
    if isinstance(value, dict):
        return {key: _resolved(inner, replies) for key, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, replies) for inner in value]
    if not isinstance(value, str):
        return value
    return _REFERENCE.sub(lambda match: str(_referred(match[1], match[2], replies)), value)


def _referred(name: str, path: str, replies: Mapping[str, Reply]) -> Any:
    if name not in replies:
        raise _Unknown(f"No reference '{name}'")
    found: Any = replies[name].body
    for key, index in _STEP.findall(path):
        try:
            found = found[key] if key else found[int(index)]
        except (KeyError, IndexError, TypeError):
            raise _Unknown(f"'{name}{path}' is not in the result") from None
    return found
