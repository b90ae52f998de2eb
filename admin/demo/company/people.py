"""The company's people: sellers and their managers by region, service, order desk; and some who have left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from admin.demo.company import names
from admin.demo.company.names import COUNTRIES, REGIONS, Country
from connectors.sandbox.org.org import Org
from connectors.sandbox.people import complete_user, standard_profile, user

DOMAIN = "vardholm.example"
_ACCOUNTS_PER_SELLER = 55


@dataclass(frozen=True)
class Staff:
    """User ids. `sellers` are by country; some of them have left and still own accounts."""

    sellers: dict[str, tuple[str, ...]]
    managers: dict[str, str]
    service: tuple[str, ...]
    order_desk: tuple[str, ...]


@dataclass
class _Hiring:
    """Gives every new user a name of its own."""

    org: Org
    rng: np.random.Generator
    profile: str
    taken: set[str]

    def hire(self, jobs: Sequence[tuple[Country, str, str, bool]]) -> list[str]:
        """Ids of users for (country, title, manager id, active)."""
        rows = []
        for country, title, manager, active in jobs:
            name = self._name(country)
            row = user(name, DOMAIN, active=active, title=title, manager_id=manager)
            rows.append(complete_user({**row, "Country": country.name}, self.profile))
        return self.org.bulk_load("User", rows)

    def _name(self, country: Country) -> str:
        for _ in range(200):
            first, last = names.person(self.rng, country)
            middle = "" if len(self.taken) < 60 else f" {'ABCDEFGHJKLMNPRST'[int(self.rng.integers(17))]}."
            name = f"{first}{middle} {last}"
            if name not in self.taken:
                break
        else:
            name = f"{first} {last}-{names.one_of(self.rng, country.last)} {len(self.taken)}"
        self.taken.add(name)
        return name


def load(org: Org, rng: np.random.Generator, accounts: int) -> Staff:
    """Create the users. Of those who left, one reported to somebody who left too."""
    hiring = _Hiring(org, rng, standard_profile(org), set())
    home = COUNTRIES[0]
    (chief,) = hiring.hire([(home, "Chief executive", "", True)])
    seats = {region: next(country for country in COUNTRIES if country.region == region) for region in REGIONS}
    heads = hiring.hire([(seats[region], f"Sales manager, {region}", chief, True) for region in REGIONS])
    managers = dict(zip(REGIONS, heads, strict=True))
    (former,) = hiring.hire([(seats[REGIONS[1]], f"Sales manager, {REGIONS[1]}", chief, False)])
    per_country = max(1, round(accounts / _ACCOUNTS_PER_SELLER / len(COUNTRIES)))
    places = [country for country in COUNTRIES for _ in range(per_country)]
    active = hiring.hire([(place, "Account manager", managers[place.region], True) for place in places])
    left_places = [places[int(i)] for i in rng.integers(len(places), size=max(2, round(0.1 * len(places))))]
    left = hiring.hire(
        [
            (place, "Account manager", former if number == 0 else managers[place.region], False)
            for number, place in enumerate(left_places)
        ]
    )
    sellers: dict[str, list[str]] = defaultdict(list)
    for place, seller in zip([*places, *left_places], [*active, *left], strict=True):
        sellers[place.name].append(seller)
    team = max(2, round(len(places) / 3))
    service = hiring.hire([(home, "Service engineer", chief, True)] * team)
    order_desk = hiring.hire([(home, "Order desk", chief, True)] * max(2, team // 2))
    by_country = {country: tuple(ids) for country, ids in sellers.items()}
    return Staff(by_country, managers, tuple(service), tuple(order_desk))
