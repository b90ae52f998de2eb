"""The look of the sandbox's own web pages: one small style sheet, everything escaped, nothing loaded."""

from __future__ import annotations

from html import escape
from urllib.parse import urlencode

from starlette.responses import HTMLResponse, Response

_STYLE = """
body{margin:0 auto;max-width:72rem;padding:1rem 1.5rem 4rem;font:15px/1.5 system-ui,sans-serif;color:#181818;
background:#f3f3f3}
a{color:#0b5cab}h1{font-size:1.5rem;margin:.5rem 0 1rem}
h1 small,.muted{color:#5c5c5c;font-size:.9rem;font-weight:400}
h2{font-size:1.1rem;margin:1.5rem 0 .5rem}
.scroll{overflow-x:auto}
table{border-collapse:collapse;background:#fff;width:100%;border:1px solid #d8d8d8}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem;border-bottom:1px solid #e5e5e5}
th{background:#fafaf9;font-weight:600;white-space:nowrap}th.number{text-align:right}td.number{text-align:right;font-variant-numeric:tabular-nums}
pre{background:#fff;border:1px solid #d8d8d8;padding:1rem;white-space:pre-wrap;overflow-wrap:anywhere}
iframe{width:100%;height:36rem;border:1px solid #d8d8d8;background:#fff}
.empty{background:#fff;border:1px solid #d8d8d8;padding:1rem}
.null{color:#8a8a8a}
"""

#: Sent with every page: it may load nothing but its own style and, in a frame, a part of a mail.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


def page(title: str, body: str) -> str:
    """A whole page. `body` is HTML: pass every value from outside through `cell` first."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>{body}</body></html>"
    )


def cell(value: object) -> str:
    """A value as text in a page; a missing one as a dash."""
    if value is None or value == "":
        return '<span class="null">–</span>'
    return escape(str(value))


def reply(title: str, body: str) -> Response:
    """A whole page as it is sent; `body` as for `page`."""
    return HTMLResponse(page(title, body), headers=HEADERS)


def pager(total: int, size: int, number: int, wanted: str) -> str:
    """Links to the pages before and after this one of a list; nothing where all of it is on one page."""
    pages = -(-total // size)
    links = [
        f'<a href="?{cell(urlencode({"page": target, "q": wanted}))}">{label}</a>'
        for target, label in ((number - 1, "Previous"), (number + 1, "Next"))
        if 1 <= target <= pages
    ]
    return f'<p class="muted">Page {number} of {pages} {" · ".join(links)}</p>' if pages > 1 else ""
