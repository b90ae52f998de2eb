"""Refusals of the OAuth endpoints."""

from __future__ import annotations


class OAuthError(Exception):
    """A refused request, in the words of RFC 6749."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error
        self.description = description


def invalid_grant(description: str) -> OAuthError:
    return OAuthError("invalid_grant", description)
