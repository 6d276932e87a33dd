"""The sample company's people: most with a few attributes, one with every attribute, one disabled."""

from __future__ import annotations

import random
import unicodedata

from holdfast.sandbox.company_names import DEPARTMENTS, FAMILY, GIVEN, LOCALES, TITLES
from holdfast.sandbox.wire import Document, Json

FULL_USER, DISABLED_USER = "ada.lindqvist", "bruno.ferrari"
_PROVIDER = "https://idp.example.com/scim/v2"


def people(count: int, chance: random.Random) -> tuple[Document, ...]:
    """`count` users (at least eight) with attributes as the API names them; names are unique in any case."""
    made = [_full(), _disabled(), *_unusual()]
    taken = {str(each["UserName"]).casefold() for each in made}
    while len(made) < count:
        made.append(_ordinary(len(made), taken, chance))
    return tuple(made)


def _ordinary(number: int, taken: set[str], chance: random.Random) -> Document:
    given, family = chance.choice(GIVEN), chance.choice(FAMILY)
    stem = f"{ascii_name(given)}.{ascii_name(family)}".lower()
    name, again = stem, 1
    while name in taken:
        again += 1
        name = f"{stem}{again}"
    taken.add(name)
    user = _named(name, given, family)
    locale, zone = LOCALES[number % len(LOCALES)]
    extras: Document = {
        "Emails": [{"Value": f"{name}@example.com", "Type": "work", "Primary": True}],
        "Title": chance.choice(TITLES),
        "UserType": "Contractor" if number % 9 == 0 else "Employee",
        "Locale": locale,
        "Timezone": zone,
        "PhoneNumbers": [{"Value": f"+49 30 555 {number:05d}", "Type": "work", "Primary": True}],
        "ExternalIds": [{"Issuer": _PROVIDER, "Id": f"user-{number:05d}"}],
    }
    # Nearly all have an address; the rest of the attributes are as patchy as in a real directory.
    shares = (0.97, 0.6, 0.5, 0.4, 0.4, 0.2, 0.1)
    user.update(
        {
            key: value
            for (key, value), share in zip(extras.items(), shares, strict=True)
            if chance.random() < share
        }
    )
    return user


def _named(name: str, given: str, family: str) -> Document:
    return {
        "UserName": name,
        "DisplayName": f"{given} {family}",
        "Name": {"GivenName": given, "FamilyName": family},
        "UserStatus": "ENABLED",
    }


def ascii_name(name: str) -> str:
    plain = name.replace("ß", "ss").replace("'", "").translate(str.maketrans("øØłŁı", "oOlLi"))
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()


def _disabled() -> Document:
    return {**_named(DISABLED_USER, "Bruno", "Ferrari"), "UserStatus": "DISABLED"}


def _unusual() -> list[Document]:
    """Names that tools get wrong: other scripts, an address, twins that differ only by an accent, symbols."""
    return [
        _named("наталья.иванова", "Наталья", "Иванова"),
        _named("李.伟", "伟", "李"),
        _named("jose.garcia", "Jose", "Garcia"),
        _named("josé.garcía", "José", "García"),
        _named("Fiona.O'Brien+ops@example.com", "Fiona", "O'Brien"),
        _named("zoë_müller-weiß", "Zoë 🎈", "Müller-Weiß"),
    ]


def _full() -> Document:
    roles: list[Json] = [{"Value": "Approver", "Type": "business", "Primary": True}]
    return {
        "UserName": FULL_USER,
        "DisplayName": "Ada Lindqvist",
        "Name": {
            "Formatted": "Dr. Ada Maria Lindqvist III",
            "GivenName": "Ada",
            "MiddleName": "Maria",
            "FamilyName": "Lindqvist",
            "HonorificPrefix": "Dr.",
            "HonorificSuffix": "III",
        },
        "NickName": "Adi",
        "ProfileUrl": "https://people.example.com/ada",
        "Emails": [{"Value": "ada.lindqvist@example.com", "Type": "work", "Primary": True}],
        "Addresses": [
            {
                "StreetAddress": "Sveavägen 44",
                "Locality": "Stockholm",
                "Region": "Stockholms län",
                "PostalCode": "111 34",
                "Country": "SE",
                "Formatted": "Sveavägen 44, 111 34 Stockholm",
                "Type": "work",
                "Primary": True,
            }
        ],
        "PhoneNumbers": [{"Value": "+46 8 555 010 01", "Type": "work", "Primary": True}],
        "UserType": "Employee",
        "Title": "Director of " + DEPARTMENTS[0],
        "PreferredLanguage": "sv",
        "Locale": "sv-SE",
        "Timezone": "Europe/Stockholm",
        "UserStatus": "ENABLED",
        "Photos": [
            {
                "Value": "https://people.example.com/ada.png",
                "Type": "photo",
                "Display": "Ada",
                "Primary": True,
            }
        ],
        "Website": "https://ada.example.com",
        "Birthdate": "1985-12-10",
        "Roles": roles,
        "ExternalIds": [{"Issuer": _PROVIDER, "Id": "user-full"}],
        "Extensions": {"aws:identitystore:enterprise": {"department": "Platform", "employeeNumber": "7"}},
    }
