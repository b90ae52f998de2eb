"""Where HubSpot's API has what: versions "v3" (associations: v4) or those named by a date."""

from __future__ import annotations


class Paths:
    """Paths of one version. HubSpot answers the older ones beside the dated ones."""

    def __init__(self, version: str) -> None:
        self._dated = version if version != "v3" else ""

    def objects(self, name: str, rest: str = "") -> str:
        return f"{self._area('objects', 'v3')}/{name}{rest}"

    def properties(self, name: str, rest: str = "") -> str:
        return f"{self._area('properties', 'v3')}/{name}{rest}"

    def pipelines(self, name: str) -> str:
        return f"{self._area('pipelines', 'v3')}/{name}"

    def owners(self, owner_id: str = "") -> str:
        return f"{self._area('owners', 'v3')}/{owner_id}"

    def associations(self, source: str, target: str) -> str:
        """The associations of many records of one object with those of another."""
        return f"{self._area('associations', 'v4')}/{source}/{target}/batch/read"

    def account(self, rest: str) -> str:
        return f"/account-info/{self._dated or 'v3'}/{rest}"

    def oauth(self, rest: str) -> str:
        return f"/oauth/{self._dated or 'v3'}/{rest}"

    def _area(self, area: str, version: str) -> str:
        return f"/crm/{area}/{self._dated}" if self._dated else f"/crm/{version}/{area}"
