"""Alerts by e-mail, text and HTML, with a Message-ID that stays the same at every attempt."""

from __future__ import annotations

from dataclasses import dataclass
from smtplib import SMTPException, SMTPRecipientsRefused
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from .base import DeliveryError, Message


@dataclass(frozen=True)
class Email:
    name: str = "email"

    def send(self, message: Message) -> str:
        host = urlsplit(settings.TIERLINE_URL).hostname or "localhost"
        reference = f"<{message.key}@{host}>"
        mail = EmailMultiAlternatives(
            subject=message.subject,
            body=render_to_string("alerts/mail.txt", {"message": message}),
            to=[f"{_quoted(message.person_name)} <{message.person_email}>"],
            headers={"Message-ID": reference, "Auto-Submitted": "auto-generated"},
        )
        mail.attach_alternative(render_to_string("alerts/mail.html", {"message": message}), "text/html")
        try:
            mail.send()
        except SMTPRecipientsRefused as error:
            raise DeliveryError(
                f"The mail server refuses the address {message.person_email}.", permanent=True
            ) from error
        except (SMTPException, OSError) as error:
            raise DeliveryError(
                f"The mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT} did not take the mail: {error}.",
                permanent=False,
            ) from error
        return reference


def _quoted(name: str) -> str:
    """A display name that no character of it can break out of."""
    clean = "".join(character for character in name if character.isprintable() and character not in '"\\<>')
    return f'"{clean}"'
