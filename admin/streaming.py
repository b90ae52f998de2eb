"""Long answers under ASGI, which takes only what is iterated asynchronously: downloads and static files."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase


class Streaming:
    """Middleware: what is made bit by bit is also sent bit by bit. Django by itself would first make all of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(request, ASGIRequest) and isinstance(response, StreamingHttpResponse) and not response.is_async:
            response.streaming_content = _in_turn(iter(response))
        return response


async def _in_turn(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    """One part after the other, each made in the request's own thread: it may ask the database."""
    following = sync_to_async(lambda: next(parts, None))
    while (part := await following()) is not None:
        yield part
