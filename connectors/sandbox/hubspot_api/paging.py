"""Where the next page is."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from connectors.sandbox.hubspot_api.calls import Call


def forward(call: Call, after: str) -> dict[str, Any]:
    """The `paging` of a reply that is not the last one."""
    query = [(name, value) for name, values in call.query.items() if name != "after" for value in values]
    link = f"{call.base}{call.url}?{urlencode([*query, ('after', after)])}"
    return {"paging": {"next": {"after": after, "link": link}}}
