"""Subscriptions of the portal's OAuth app, and where its events go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connectors.sandbox.hubspot_api.calls import Call, Entry, Reply, whole
from connectors.sandbox.portal.moments import to_text
from connectors.sandbox.portal.outcomes import NOT_FOUND, VALIDATION, refused
from connectors.sandbox.portal.portal import Portal
from connectors.sandbox.portal.webhooks import Subscription, Target


@dataclass(frozen=True)
class WebhookResources:
    """Webhooks of one portal. HubSpot wants the developer's key here; the sandbox takes any token."""

    portal: Portal

    def entries(self) -> list[Entry]:
        settings, subscriptions = r"webhooks/(\d+)/settings", r"webhooks/(\d+)/subscriptions"
        return [
            ("GET", settings, "", self.settings),
            ("PUT", settings, "", self.set_settings),
            ("DELETE", settings, "", self.clear_settings),
            ("GET", subscriptions, "", self.page),
            ("POST", subscriptions, "", self.create),
            ("GET", subscriptions + r"/(\d+)", "", self.get),
            ("PATCH", subscriptions + r"/(\d+)", "", self.update),
            ("DELETE", subscriptions + r"/(\d+)", "", self.delete),
        ]

    def settings(self, call: Call) -> Reply:
        self._check_app(call)
        target = self.portal.webhooks.target()
        if target is None:
            raise refused(NOT_FOUND, "There are no webhook settings for this app.")
        return Reply(_shown_target(target))

    def set_settings(self, call: Call) -> Reply:
        self._check_app(call)
        content = call.content()
        url, throttling = str(content.get("targetUrl") or ""), content.get("throttling") or {}
        if not url.startswith(("http://", "https://")):
            raise refused(VALIDATION, f"targetUrl is no address: {url}", targetUrl=url)
        concurrent = int(throttling.get("maxConcurrentRequests", 10))
        return Reply(_shown_target(self.portal.webhooks.set_target(url, concurrent)))

    def clear_settings(self, call: Call) -> Reply:
        self._check_app(call)
        self.portal.webhooks.remove_target()
        return Reply(status=204)

    def page(self, call: Call) -> Reply:
        self._check_app(call)
        return Reply({"results": [_shown(each) for each in self.portal.webhooks.subscriptions()]})

    def create(self, call: Call) -> Reply:
        self._check_app(call)
        content = call.content()
        made = self.portal.webhooks.subscribe(
            str(content.get("eventType") or ""),
            str(content.get("propertyName") or ""),
            str(content.get("objectTypeId") or ""),
            active=content.get("active") is True,
        )
        return Reply(_shown(made), 201)

    def get(self, call: Call) -> Reply:
        self._check_app(call)
        return Reply(_shown(self.portal.webhooks.subscription(int(call.parts[1]))))

    def update(self, call: Call) -> Reply:
        self._check_app(call)
        active = call.content().get("active") is True
        return Reply(_shown(self.portal.webhooks.activate(int(call.parts[1]), active=active)))

    def delete(self, call: Call) -> Reply:
        self._check_app(call)
        self.portal.webhooks.unsubscribe(int(call.parts[1]))
        return Reply(status=204)

    def _check_app(self, call: Call) -> None:
        if whole(call.parts[0], "appId") != self.portal.apps.client.app_id:
            raise refused(NOT_FOUND, f"App {call.parts[0]} does not exist", appId=call.parts[0])


def _shown_target(target: Target) -> dict[str, Any]:
    return {
        "targetUrl": target.url, "throttling": {"maxConcurrentRequests": target.concurrent},
        "createdAt": to_text(target.created), "updatedAt": to_text(target.updated),
    }  # fmt: skip


def _shown(subscription: Subscription) -> dict[str, Any]:
    named = {"propertyName": subscription.property_name} if subscription.property_name else {}
    return {
        "id": str(subscription.id), "eventType": subscription.event, **named, "active": subscription.active,
        "objectTypeId": subscription.type_id, "createdAt": to_text(subscription.created),
        "updatedAt": to_text(subscription.updated),
    }  # fmt: skip
