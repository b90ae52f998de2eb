"""A mailbox on this machine: accepts every mail over SMTP, keeps it, shows it on a small web page.

Nothing is ever sent on. Each mail is one `.eml` file in `HOME/mail`, so any mail program can open it.
"""

from __future__ import annotations

import asyncio
import json
import re
import secrets
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlencode

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from connectors.sandbox.page import HEADERS, cell, page
from connectors.sandbox.serving import HOST, ensure_writable, listen, run, server

_MAX_BYTES = 10_000_000
_ID = re.compile(r"\d{8}T\d{12}-[0-9a-f]{8}\Z")
_RECIPIENT = "X-Sandbox-Recipient"
#: The HTML part of a mail may not load, run or submit anything.
_PART_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"


@dataclass(frozen=True)
class Mail:
    """A received mail. `recipients` are the addresses it was delivered to, hidden copies included."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    received_at: str
    message: EmailMessage

    @property
    def message_id(self) -> str:
        # Taken unparsed: Python's parser fails on identifiers that are not well formed.
        raw = {name.lower(): str(value) for name, value in self.message.raw_items()}
        return raw.get("message-id", "").strip()

    @property
    def text(self) -> str:
        return _content(self.message, "plain")

    @property
    def html(self) -> str:
        return _content(self.message, "html")


class Mailbox:
    """The mails in a directory, newest first."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def store(self, envelope: Envelope) -> str:
        """Keep one mail; returns its id. The file appears whole or not at all."""
        received = f"{datetime.now(UTC):%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}"
        recipients = "".join(f"{_RECIPIENT}: {_one_line(address)}\r\n" for address in envelope.rcpt_tos)
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        partial = self.directory / f"{received}.part"
        partial.write_bytes(recipients.encode() + content)
        partial.rename(self.directory / f"{received}.eml")
        return received

    def ids(self) -> list[str]:
        return sorted((path.stem for path in self.directory.glob("*.eml") if _ID.match(path.stem)), reverse=True)

    def raw(self, mail_id: str) -> bytes:
        """Raises KeyError if there is no such mail."""
        if not _ID.match(mail_id):
            raise KeyError(mail_id)
        try:
            return (self.directory / f"{mail_id}.eml").read_bytes()
        except FileNotFoundError:
            raise KeyError(mail_id) from None

    def get(self, mail_id: str) -> Mail:
        """Raises KeyError if there is no such mail."""
        message = message_from_bytes(self.raw(mail_id), policy=policy.default)
        assert isinstance(message, EmailMessage)
        received = datetime.strptime(mail_id.partition("-")[0], "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
        return Mail(
            id=mail_id,
            sender=str(message.get("From", "")),
            recipients=tuple(str(address) for address in message.get_all(_RECIPIENT, [])),
            subject=str(message.get("Subject", "")),
            received_at=received.isoformat(timespec="seconds"),
            message=message,
        )


def _one_line(text: str) -> str:
    return re.sub(r"[\r\n]", " ", text)


def _content(message: EmailMessage, kind: str) -> str:
    part = message.get_body(preferencelist=(kind,))
    if part is None:
        return ""
    try:
        return str(part.get_content()).replace("\r\n", "\n")
    except LookupError:  # a character set nobody knows: show what can be shown
        payload = part.get_payload(decode=True)
        return payload.decode("utf-8", "replace") if isinstance(payload, bytes) else ""


class _Receiver:
    """What aiosmtpd calls for each mail."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox

    async def handle_DATA(self, smtp: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            self._mailbox.store(envelope)
        except OSError as error:
            return f"451 The mailbox cannot keep the mail: {error.strerror}"
        return "250 OK"


def web(mailbox: Mailbox) -> Starlette:
    """The web page, and the same content as JSON under `/api/mails` for scripts."""

    def listing(request: Request) -> Response:
        wanted = request.query_params.get("to", "")
        mails = [mail for mail in map(mailbox.get, mailbox.ids()) if not wanted or wanted in mail.recipients]
        return HTMLResponse(_list_page(mails, wanted), headers=HEADERS)

    def shown(request: Request) -> Response:
        return HTMLResponse(_mail_page(_found(mailbox, request)), headers=HEADERS)

    def html_part(request: Request) -> Response:
        headers = {"Content-Security-Policy": _PART_POLICY, "X-Content-Type-Options": "nosniff"}
        return HTMLResponse(_found(mailbox, request).html, headers=headers)

    def raw(request: Request) -> Response:
        mail = _found(mailbox, request)
        headers = {"Content-Disposition": f'attachment; filename="{mail.id}.eml"'}
        return Response(mailbox.raw(mail.id), media_type="message/rfc822", headers=headers)

    def listing_json(request: Request) -> Response:
        return JSONResponse([_as_json(mailbox.get(mail_id)) for mail_id in mailbox.ids()])

    return Starlette(
        routes=[
            Route("/", listing),
            Route("/mail/{id}", shown),
            Route("/mail/{id}/html", html_part),
            Route("/mail/{id}/raw", raw),
            Route("/api/mails", listing_json),
        ]
    )


def _found(mailbox: Mailbox, request: Request) -> Mail:
    try:
        return mailbox.get(request.path_params["id"])
    except KeyError:
        raise HTTPException(404, "There is no such mail.") from None


def _as_json(mail: Mail) -> dict[str, object]:
    return {
        "id": mail.id, "from": mail.sender, "recipients": list(mail.recipients), "subject": mail.subject,
        "received_at": mail.received_at, "message_id": mail.message_id,
        "text": mail.text, "html": mail.html,
    }  # fmt: skip


def _list_page(mails: list[Mail], wanted: str) -> str:
    if not mails:
        body = (
            '<p class="empty">No mail yet. Every mail sent to this machine\'s sandbox server appears here; '
            "reload the page to look again.</p>"
        )
    else:
        rows = "".join(
            f'<tr><td><a href="/mail/{mail.id}">{cell(mail.subject or "(no subject)")}</a></td>'
            f"<td>{', '.join(_recipient_link(address) for address in mail.recipients)}</td>"
            f"<td>{cell(mail.sender)}</td><td>{_time(mail)}</td></tr>"
            for mail in mails
        )
        body = f"<table><tr><th>Subject</th><th>To</th><th>From</th><th>Received</th></tr>{rows}</table>"
    filtered = f'<p>Only mails to <b>{cell(wanted)}</b>. <a href="/">Show all</a></p>' if wanted else ""
    return page("Mailbox", f"<h1>Mailbox <small>{len(mails)} received</small></h1>{filtered}{body}")


def _recipient_link(address: str) -> str:
    return f'<a href="/?{urlencode({"to": address})}">{cell(address)}</a>'


def _time(mail: Mail) -> str:
    return f'<time datetime="{mail.received_at}">{mail.received_at[:19].replace("T", " ")} UTC</time>'


def _mail_page(mail: Mail) -> str:
    facts = [
        ("From", cell(mail.sender)),
        ("To", cell(", ".join(mail.recipients))),
        ("Received", _time(mail)),
        ("Message-ID", cell(mail.message_id)),
    ]
    rows = "".join(f"<tr><th>{name}</th><td>{value}</td></tr>" for name, value in facts)
    html = (
        f'<h2>HTML part</h2><iframe sandbox title="HTML part" src="/mail/{mail.id}/html"></iframe>' if mail.html else ""
    )
    text = f"<h2>Text part</h2><pre>{cell(mail.text)}</pre>" if mail.text else ""
    return page(
        mail.subject or "Mail",
        f'<p><a href="/">Mailbox</a></p><h1>{cell(mail.subject or "(no subject)")}</h1><table>{rows}</table>'
        f'{html}{text}<p><a href="/mail/{mail.id}/raw">Download the mail as it came</a></p>',
    )


def serve_mailbox(home: Path, smtp_port: int, web_port: int, *, die_with_parent: bool = False) -> int:
    """Serve the mailbox of `home` until told to stop; returns 0.

    Prints one JSON line with `smtp_host`, `smtp_port` and `url` once both ports answer. Port 0 is a free one.
    Raises `serving.CannotServe` if a port is taken or the folder cannot be written.
    """
    ensure_writable(home / "mail")
    mail_socket = listen(smtp_port, "The mailbox's mail server")
    web_socket = listen(web_port, "The mailbox's web page")
    mailbox = Mailbox(home / "mail")

    def announce() -> None:
        line = {
            "url": f"http://{HOST}:{web_socket.getsockname()[1]}",
            "smtp_host": HOST,
            "smtp_port": mail_socket.getsockname()[1],
        }
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()

    async def both() -> None:
        loop = asyncio.get_running_loop()
        receiver = _Receiver(mailbox)
        smtp = await loop.create_server(
            lambda: SMTP(receiver, data_size_limit=_MAX_BYTES, enable_SMTPUTF8=True, hostname="localhost", loop=loop),
            sock=mail_socket,
        )
        async with smtp:
            await run(server(web(mailbox), announce), [web_socket], die_with_parent)

    asyncio.run(both())
    return 0
