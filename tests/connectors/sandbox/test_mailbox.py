"""The mailbox keeps every mail it is sent and shows it without running anything inside it."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path
from typing import Any

import pytest
import requests

from connectors.sandbox.mailbox import serve_mailbox
from connectors.sandbox.serving import CannotServe

START = "import sys; from pathlib import Path; from connectors.sandbox.mailbox import serve_mailbox; "


@pytest.fixture(scope="module")
def mailbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    home = tmp_path_factory.mktemp("mailbox")
    process = subprocess.Popen(
        [sys.executable, "-c", f"{START}sys.exit(serve_mailbox(Path({str(home)!r}), 0, 0))"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process.stdout:
        yield {**json.loads(process.stdout.readline()), "home": home}
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def mail(subject: str, text: str, html: str = "") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "tierline@example.com", "mika@example.com", subject
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content(text)
    if html:
        message.add_alternative(html, subtype="html")
    return message


def send(mailbox: dict[str, Any], message: EmailMessage, to: tuple[str, ...] = ("mika@example.com",)) -> None:
    with smtplib.SMTP(mailbox["smtp_host"], mailbox["smtp_port"]) as connection:
        connection.send_message(message, to_addrs=to)


def test_it_keeps_a_mail_as_a_file_and_lists_it(mailbox: dict[str, Any]) -> None:
    send(mailbox, mail("7 things to fix", "Kone Oy: value profile missing – äö"))
    found = [m for m in requests.get(f"{mailbox['url']}/api/mails").json() if m["subject"] == "7 things to fix"]
    assert found[0]["recipients"] == ["mika@example.com"]
    assert found[0]["text"] == "Kone Oy: value profile missing – äö\n"
    assert (mailbox["home"] / "mail" / f"{found[0]['id']}.eml").read_bytes().count(b"7 things to fix") == 1
    page = requests.get(f"{mailbox['url']}/mail/{found[0]['id']}").text
    assert "value profile missing – äö" in page


def test_a_hidden_copy_shows_who_got_it(mailbox: dict[str, Any]) -> None:
    send(mailbox, mail("copy", "x"), ("mika@example.com", "boss+x@example.com"))
    found = [m for m in requests.get(f"{mailbox['url']}/api/mails").json() if m["subject"] == "copy"]
    assert found[0]["recipients"] == ["mika@example.com", "boss+x@example.com"]
    filtered = requests.get(f"{mailbox['url']}/", params={"to": "boss+x@example.com"}).text
    assert ">copy<" in filtered
    assert "7 things" not in filtered


def test_nothing_in_a_mail_can_run_or_load(mailbox: dict[str, Any]) -> None:
    attack = "<script>alert(1)</script><img src='https://example.com/x.png'>"
    send(mailbox, mail("<script>alert(2)</script>", "<b>text</b>", attack))
    newest = requests.get(f"{mailbox['url']}/api/mails").json()[0]
    for path in ("/", f"/mail/{newest['id']}"):
        answer = requests.get(mailbox["url"] + path)
        assert "<script>" not in answer.text
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    part = requests.get(f"{mailbox['url']}/mail/{newest['id']}/html")
    assert part.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")


def test_a_mail_that_breaks_every_rule_is_shown_all_the_same(mailbox: dict[str, Any]) -> None:
    raw = b"Subject: odd\r\nMessage-ID: <@>\r\nContent-Type: text/plain; charset=nonsense\r\n\r\n\xff\xfe body"
    with smtplib.SMTP(mailbox["smtp_host"], mailbox["smtp_port"]) as connection:
        connection.sendmail("a@example.com", ["b@example.com"], raw)
    newest = requests.get(f"{mailbox['url']}/api/mails").json()[0]
    assert newest["message_id"] == "<@>"
    assert "body" in requests.get(f"{mailbox['url']}/mail/{newest['id']}").text


@pytest.mark.parametrize("mail_id", ["..%2f..%2fetc%2fpasswd", "20260101T000000000000-00000000", "x"])
def test_an_unknown_mail_is_not_found(mailbox: dict[str, Any], mail_id: str) -> None:
    assert requests.get(f"{mailbox['url']}/mail/{mail_id}").status_code == 404


def test_a_taken_port_and_an_unwritable_home_are_one_clear_sentence(mailbox: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CannotServe, match="cannot listen on"):
        serve_mailbox(tmp_path, mailbox["smtp_port"], 0)
    with pytest.raises(CannotServe, match="cannot be written") as refused:
        serve_mailbox(tmp_path / "file", 0, 0)
    assert refused.value.next_step
