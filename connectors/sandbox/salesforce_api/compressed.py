"""Requests whose bodies come compressed: `Content-Encoding: gzip` or `deflate`, as the REST and Bulk APIs take them."""

from __future__ import annotations

import zlib

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: zlib reads both headers by itself.
_EITHER = zlib.MAX_WBITS | 32
_ENCODINGS = ("gzip", "x-gzip", "deflate")


class Unpacked:
    """Hands the application the plain body, piece by piece."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        encoding = Headers(scope=scope).get("content-encoding", "").lower() if scope["type"] == "http" else ""
        if encoding not in _ENCODINGS:
            await self._app(scope, receive, send)
            return
        unpacker = zlib.decompressobj(_EITHER)

        async def unpacked() -> Message:
            message = await receive()
            if message["type"] != "http.request":
                return message
            body = unpacker.decompress(message.get("body", b""))
            if not message.get("more_body"):
                body += unpacker.flush()
                if not unpacker.eof:
                    raise zlib.error("incomplete")
            return {**message, "body": body}

        dropped = ("content-encoding", "content-length")
        headers = [(name, value) for name, value in scope["headers"] if name.decode().lower() not in dropped]
        try:
            await self._app({**scope, "headers": headers}, unpacked, send)
        except zlib.error:
            # unverified: the code and the words for a compressed request body that cannot be unpacked.
            problem = [{"errorCode": "UNKNOWN_EXCEPTION", "message": f"The body is not {encoding} data"}]
            await JSONResponse(problem, 400)(scope, receive, send)
