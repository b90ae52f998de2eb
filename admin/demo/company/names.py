"""Names of companies, places and people, made by combining invented and common words. None is meant to exist."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Country:
    """How names are made in one country. `language` picks the trade words."""

    name: str
    region: str
    language: str
    legal: tuple[str, ...]
    cities: tuple[str, ...]
    heads: tuple[str, ...]
    tails: tuple[str, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NORDIC_HEADS = _words("Halvar Torv Brann Kvist Sjö Ask Grim Hav Rim Sten Vind Ild Elv Frost Lyng Kald Tall Ravn")
_NORDIC_TAILS = _words("ek vik mark strand borg holm dal nes sund hult fors ås by ström")
_ENGLISH_HEADS = _words("Ask Black Crow Harl Marl Oak Pen Stam Thorn Whit Fern Gil Hazel Kes Lang Rother Wren Bram")
_ENGLISH_TAILS = _words("ford combe worth mere ton field bury gate low wick croft dale")
_GERMAN_HEADS = _words("Alten Brück Linden Eschen Hohen Kirch Dorn Eichen Erlen Falken Grün Hassel Moor Nieder Stern")
_GERMAN_TAILS = _words("bach feld hagen brunn tal stett rode hausen kamp siek au berg")

COUNTRIES = (
    Country(
        "Sweden", "Nordics", "sv", ("AB", "AB", "Group AB"), _words("Göteborg Malmö Västerås Luleå Örebro Gävle"),
        _NORDIC_HEADS, _NORDIC_TAILS,
        _words("Anna Erik Karin Lars Maria Johan Sara Anders Emma Nils Elin Oskar Ingrid Gustav"),
        _words("Lindqvist Åberg Nyström Sandell Hedlund Bergman Wallin Ekström Norberg Fors"),
    ),
    Country(
        "Norway", "Nordics", "no", ("AS", "AS", "ASA"), _words("Bergen Stavanger Drammen Trondheim Ålesund Skien"),
        _NORDIC_HEADS, _NORDIC_TAILS,
        _words("Ingrid Ola Kari Magnus Sigrid Henrik Marit Jonas Silje Eirik Tone Håkon"),
        _words("Haugen Solberg Bakke Moen Strand Lunde Myhre Eide Nygård Tangen"),
    ),
    Country(
        "Finland", "Nordics", "fi", ("Oy", "Oy", "Oyj"), _words("Tampere Turku Oulu Lahti Vaasa Kotka"),
        _words("Koivu Kivi Lehto Honka Järvi Salo Tammi Kuusi Haapa Valli Ranta Hiekka"),
        _words("niemi lampi mäki koski saari virta kangas ranta lahti harju"),
        _words("Aino Mikko Hanna Juha Laura Antti Satu Ville Kaisa Timo Riikka Pekka"),
        _words("Niemelä Lahtinen Koskela Rantanen Saarela Heikkilä Mäkelä Salonen Tuominen Laine"),
    ),
    Country(
        "Denmark", "Nordics", "da", ("A/S", "ApS", "A/S"), _words("Aarhus Odense Esbjerg Aalborg Vejle Horsens"),
        _words("Lind Hav Sten Bøge Møl Skov Egel Rug Kær Tved Sand Nør"),
        _words("bjerg gaard holm lund toft by mose bæk sø"),
        _words("Mette Søren Kirsten Peter Lene Jens Camilla Rasmus Trine Mads Birgit Kasper"),
        _words("Kjær Holm Bech Dalgaard Krogh Lund Toft Vestergaard Frost Bang"),
    ),
    Country(
        "Germany", "Central Europe", "de", ("GmbH", "GmbH & Co. KG", "AG"),
        _words("Bremen Kassel Mannheim Augsburg Chemnitz Bielefeld Ulm"),
        _GERMAN_HEADS, _GERMAN_TAILS,
        _words("Claudia Stefan Sabine Thomas Julia Markus Katrin Andreas Petra Jan Monika Tobias"),
        _words("Brandt Vogel Seidel Kramer Lorenz Albrecht Busch Pohl Engel Winter Arndt Horn"),
    ),
    Country(
        "Netherlands", "Central Europe", "nl", ("B.V.", "B.V.", "N.V."),
        _words("Eindhoven Tilburg Zwolle Breda Arnhem Dordrecht"),
        _words("Wester Ooster Zand Veen Kop Hage Lange Noorder Duin Molen Wilgen Kers"),
        _words("dijk veld kamp hoek broek haven burg sluis donk meer"),
        _words("Sanne Pieter Marieke Jeroen Femke Bas Annelies Wouter Lotte Ruben"),
        _words("Dijkstra Vermeer Bosman Kuipers Schouten Hoekstra Prins Veenstra Molenaar"),
    ),
    Country(
        "Poland", "Central Europe", "pl", ("Sp. z o.o.", "S.A.", "Sp. z o.o."),
        _words("Poznań Gdynia Katowice Łódź Rzeszów Lublin"),
        _words("Jawor Lip Sosn Brzez Kal Dębow Wierzb Olsz Topol Grab Klon"),
        _words("ex ot mar pol tech nik bud mex in"),
        _words("Agnieszka Piotr Magdalena Tomasz Ewa Marek Joanna Paweł Beata Jakub"),
        _words("Zieliński Wrona Sikora Baran Duda Wilk Kozak Maj Sroka Gajda"),
    ),
    Country(
        "United Kingdom", "UK and US", "en", ("Ltd", "Ltd", "plc"),
        _words("Leeds Sheffield Bristol Aberdeen Hull Coventry"),
        _ENGLISH_HEADS, _ENGLISH_TAILS,
        _words("Helen James Priya Daniel Fiona Oliver Amira Thomas Grace Callum Ruth Samuel"),
        _words("Whitfield Marsh Patel Barrow Lister Okafor Hale Sutton Rigby Cross Moss"),
    ),
    Country(
        "United States", "UK and US", "en", ("Inc.", "LLC", "Corp."),
        _words("Cleveland Houston Milwaukee Tulsa Charlotte Portland"),
        _ENGLISH_HEADS, _ENGLISH_TAILS,
        _words("Karen Michael Denise Robert Angela Carlos Melissa Kevin Latoya Brian Nina Derek"),
        _words("Hollis Ramirez Tate Becker Nguyen Lawson Pruitt Delgado Ames Vance Keller"),
    ),
)  # fmt: skip

REGIONS = tuple(dict.fromkeys(country.region for country in COUNTRIES))

#: industry -> what such companies call their trade, by language; English where a language has no word of its own
_TRADES: Mapping[str, Mapping[str, str]] = {
    "Energy": {"en": "Power", "sv": "Kraft", "no": "Kraft", "da": "Energi", "de": "Energie", "nl": "Energie",
               "pl": "Energia", "fi": "Energia"},
    "Utilities": {"en": "Utilities", "sv": "Nät", "no": "Nett", "da": "Forsyning", "de": "Netze", "nl": "Netwerken",
                  "pl": "Sieci", "fi": "Verkko"},
    "Oil & Gas": {"en": "Petroleum", "no": "Offshore", "de": "Raffinerie", "nl": "Raffinage"},
    "Mining": {"en": "Minerals", "sv": "Gruv", "de": "Bergbau", "pl": "Kopalnie", "fi": "Kaivos"},
    "Pulp & Paper": {"en": "Paper", "sv": "Papper", "no": "Papir", "da": "Papir", "de": "Papier", "nl": "Papier",
                     "pl": "Papier", "fi": "Paperi"},
    "Chemicals": {"en": "Chemicals", "sv": "Kemi", "no": "Kjemi", "da": "Kemi", "de": "Chemie", "nl": "Chemie",
                  "pl": "Chemia", "fi": "Kemia"},
    "Food & Beverage": {"en": "Foods", "sv": "Livsmedel", "no": "Mat", "da": "Fødevarer", "de": "Lebensmittel",
                        "nl": "Voeding", "pl": "Spożywcza", "fi": "Elintarvike"},
    "Automotive": {"en": "Automotive", "de": "Fahrzeugtechnik", "sv": "Fordonsteknik"},
    "Machinery": {"en": "Machinery", "sv": "Maskin", "no": "Maskin", "da": "Maskin", "de": "Maschinenbau",
                  "nl": "Machines", "pl": "Maszyny", "fi": "Kone"},
    "Marine": {"en": "Marine", "sv": "Varv", "no": "Verft", "da": "Værft", "de": "Werft", "nl": "Scheepswerf",
               "fi": "Telakka"},
    "Construction": {"en": "Construction", "sv": "Bygg", "no": "Bygg", "da": "Byg", "de": "Bau", "nl": "Bouw",
                     "pl": "Budowa", "fi": "Rakennus"},
    "Facility Services": {"en": "Facilities", "sv": "Fastighetsservice", "no": "Eiendomsdrift", "de": "Gebäudedienste",
                          "da": "Ejendomsservice", "nl": "Facilitair"},
    "Logistics": {"en": "Logistics", "sv": "Logistik", "no": "Logistikk", "da": "Logistik", "de": "Logistik",
                  "nl": "Logistiek", "pl": "Logistyka", "fi": "Logistiikka"},
    "Components": {"en": "Components", "sv": "Komponenter", "de": "Antriebstechnik", "nl": "Aandrijvingen"},
}  # fmt: skip


def one_of(rng: np.random.Generator, words: tuple[str, ...]) -> str:
    return words[int(rng.integers(len(words)))]


def house(rng: np.random.Generator, country: Country) -> str:
    """The first part of a company's name, e.g. "Kvistholm"."""
    return one_of(rng, country.heads) + one_of(rng, country.tails)


def company(rng: np.random.Generator, country: Country, house_name: str, industry: str, taken: set[str]) -> str:
    """A name that nobody has yet; the place is added where two companies would share one."""
    trade = _TRADES.get(industry, _TRADES["Components"])
    word = trade.get(country.language, trade["en"])
    legal = one_of(rng, country.legal)
    name = f"{house_name} {word} {legal}"
    places = iter(country.cities)
    while name in taken:
        place = next(places, "")
        name = f"{house_name} {word} {place} {legal}" if place else f"{name} {len(taken)}"
    taken.add(name)
    return name


def lookalike(name: str, number: int) -> str:
    """The same name as a hurried person would type it again."""
    if number % 3 == 0:
        return name.upper()
    if number % 3 == 1:
        return name.rpartition(" ")[0] or name
    return name.replace(".", "").replace("&", "and").replace("ö", "o").replace("ü", "u") + " (new)"


def person(rng: np.random.Generator, country: Country) -> tuple[str, str]:
    """First and last name."""
    return one_of(rng, country.first), one_of(rng, country.last)
