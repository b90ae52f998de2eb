"""What the console sends bit by bit, as the server of `tierline web` asks for it."""

from __future__ import annotations

from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from tests.admin import console_cast as cast


async def _received(address: str, person: Any) -> bytes:
    client = AsyncClient()
    if person:
        await client.aforce_login(person)
    reply: Any = await client.get(address)
    assert reply.status_code == 200
    assert reply.is_async
    return b"".join([part async for part in reply.streaming_content])


@pytest.mark.django_db(transaction=True)
def test_an_export_is_sent_while_it_is_made() -> None:
    person = cast.user("mika")
    people = cast.build()
    text = async_to_sync(_received)("/accounts.csv", person).decode()
    assert people.gold.name in text
    assert len(text.splitlines()) == 4


def test_static_files_are_sent_whole() -> None:
    from django.contrib.staticfiles import finders

    path = finders.find("console/console.css")
    assert path is not None
    with open(path, "rb") as file:
        assert async_to_sync(_received)("/static/console/console.css", None) == file.read()
