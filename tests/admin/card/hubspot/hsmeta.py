"""What HubSpot's files of a project may hold, strictly: HubSpot's own reader leaves out in silence what it cannot read.

Written from HubSpot's documentation of apps and app cards, platform version 2026.03.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Uid = Annotated[str, Field(pattern=r"^[a-zA-Z0-9_.-]{1,64}$")]
Scope = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.-]+$")]
Url = Annotated[str, Field(pattern=r"^https://[^/]+$")]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Project(Strict):
    name: Annotated[str, Field(min_length=1, max_length=50)]
    srcDir: Literal["src"]
    platformVersion: Literal["2025.2", "2026.03"]


class Auth(Strict):
    type: Literal["static"]
    requiredScopes: Annotated[list[Scope], Field(min_length=1)]
    optionalScopes: list[Scope]
    conditionallyRequiredScopes: list[Scope]


class PermittedUrls(Strict):
    fetch: list[Url]
    iframe: list[Url]
    img: list[Url]


class AppConfig(Strict):
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(min_length=1, max_length=8192)]
    distribution: Literal["private"]
    auth: Auth
    permittedUrls: PermittedUrls


class App(Strict):
    uid: Uid
    type: Literal["app"]
    config: AppConfig


class CardConfig(Strict):
    """CRM data components, by which the card writes, stand in the middle column only: no other location."""

    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(min_length=1)]
    location: Literal["crm.record.tab"]
    entrypoint: Annotated[str, Field(pattern=r"^/app/cards/[A-Za-z]+\.(tsx|jsx)$")]
    objectTypes: tuple[Literal["companies"], ...] = Field(strict=False, min_length=1)


class Card(Strict):
    uid: Uid
    type: Literal["card"]
    config: CardConfig
