"""Sends the events of a portal: by the hundred, signed, and again after a failure."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import random
import threading
import time
from typing import Any

import requests

from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.webhooks import RETRIES, Target, Waiting

#: Events of one request.
_BATCH = 100
#: Seconds in which an app has to answer.
_PATIENCE = 5
#: Seconds in which events gather, and between looks for those that are to be sent again.
_GATHER, _LOOK = 0.05, 0.5


def signature(secret: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """HubSpot's signature of version 3."""
    text = method.encode() + url.encode() + body + timestamp.encode()
    return base64.b64encode(hmac.new(secret.encode(), text, hashlib.sha256).digest()).decode()


_senders: dict[Portal, WebhookSender] = {}


def ensure_sender(portal: Portal) -> None:
    """Has the events of a portal sent, by one thread however often it is served."""
    if portal not in _senders:
        _senders[portal] = WebhookSender(portal)


class WebhookSender:
    """A thread that sends what there is to send, until the portal is closed."""

    def __init__(self, portal: Portal) -> None:
        self._portal = portal
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        portal.records.before_close(self.stop)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        self._portal.webhooks.wake.set()
        self._thread.join()
        _senders.pop(self._portal, None)

    def _run(self) -> None:
        wake = self._portal.webhooks.wake
        while not self._stopped.is_set():
            wake.wait(_LOOK)
            if self._stopped.wait(_GATHER if wake.is_set() else 0):
                return
            wake.clear()
            while not self._stopped.is_set() and self._send_some():
                pass

    def _send_some(self) -> bool:
        """One request; False if there was nothing to send, or nowhere to send it."""
        target = self._portal.webhooks.target()
        events = self._portal.webhooks.due(time.time(), _BATCH) if target else []
        if target is None or not events:
            return False
        if self._accepted(target, events):
            self._portal.webhooks.sent(events)
        else:
            pauses = self._portal.setting("webhook_retries")
            self._portal.webhooks.failed(events, time.time(), RETRIES if pauses is None else pauses)
        return True

    def _accepted(self, target: Target, events: list[Waiting]) -> bool:
        body = json.dumps(self._told(events)).encode()
        stamp = str(int(time.time() * 1000))
        secret = self._portal.apps.client.secret
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "HubSpot Connect 2.0 (http://dev.hubspot.com/) - Webhooks",
            "X-HubSpot-Signature": hashlib.sha256(secret.encode() + body).hexdigest(),
            "X-HubSpot-Signature-Version": "v1",
            "X-HubSpot-Signature-V3": signature(secret, "POST", target.url, body, stamp),
            "X-HubSpot-Request-Timestamp": stamp,
        }
        try:
            answer = requests.post(target.url, data=body, headers=headers, timeout=_PATIENCE, allow_redirects=False)
        except requests.RequestException:
            return False
        return answer.ok

    def _told(self, events: list[Waiting]) -> list[dict[str, Any]]:
        """The events as they are sent: HubSpot promises neither their order nor that each comes once."""
        app = {"portalId": self._portal.portal_id, "appId": self._portal.apps.client.app_id}
        told = [{**each.body, **app} for each in events]
        if self._portal.setting("webhook_disorder"):
            told += told[: len(told) // 2 + 1]
            random.Random(told[0]["eventId"]).shuffle(told)  # noqa: S311 - not for secrets
        return told
