"""Settings of a connection, as a person types them or a store keeps them, read into a connector's own type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from connectors.errors import BadInput

S = TypeVar("S", bound=BaseModel)


def read(kind: type[S], crm: str, settings: Mapping[str, str]) -> S:
    """Raises `BadInput` with names and reasons only: a value may be a secret."""
    try:
        return kind.model_validate(dict(settings))
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise BadInput(
            f"The settings of the {crm} connection cannot be used: {wrong}.",
            next_step=f"Known settings are {', '.join(kind.model_fields)}.",
        ) from None
