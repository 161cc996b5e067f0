"""The organization of the example book, as data."""

from __future__ import annotations

from firedoor.people.organization import (
    Channel,
    CommanderRule,
    Contact,
    Organization,
    Person,
    Reach,
    Region,
    Shift,
    Team,
)
from firedoor.plan import Who

PEOPLE = [
    "ana",
    "luis",
    "niamh",
    "jonas",
    "mei",
    "arjun",
    "sam",
    "priya",
    "omar",
    "ines",
    "yuki",
    "grace",
    "tom",
    "klara",
    "hana",
    "ravi",
    "li",
    "zoe",
    "noor",
    "paz",
    "maria",
    "eoin",
    "wei",
]

AMER, EMEA, APAC = (8 * 60, 17 * 60), (8 * 60, 16 * 60), (8 * 60, 16 * 60)
WEEKDAYS = (0, 1, 2, 3, 4)


def follow_the_sun(amer: list[str], emea: list[str], apac: list[str], emea_days: tuple[int, ...]) -> tuple[Shift, ...]:
    return (
        Shift(region="amer", starts=AMER[0], ends=AMER[1], on=tuple(amer)),
        Shift(region="emea", starts=EMEA[0], ends=EMEA[1], on=tuple(emea), days=emea_days),
        Shift(region="apac", starts=APAC[0], ends=APAC[1], on=tuple(apac)),
    )


EVERY = (0, 1, 2, 3, 4, 5, 6)


def organization() -> Organization:
    return Organization(
        name="Example Platform",
        languages=("en", "de", "ja"),
        regions={
            "amer": Region(name="amer", timezone="America/Los_Angeles", manager="maria"),
            "emea": Region(name="emea", timezone="Europe/Dublin", manager="eoin"),
            "apac": Region(name="apac", timezone="Asia/Singapore", manager="wei"),
        },
        teams={
            "crt": Team(
                name="crt",
                title="Critical Response Team",
                manager="sam",
                clears=("personal", "graphic"),
                shifts=follow_the_sun(["ana", "luis"], ["niamh", "jonas"], ["mei", "arjun"], EVERY),
            ),
            "policy": Team(
                name="policy",
                title="Policy",
                manager="priya",
                clears=("personal",),
                shifts=follow_the_sun(["omar"], ["ines"], ["yuki"], EVERY),
            ),
            "legal": Team(
                name="legal",
                title="Legal",
                manager="grace",
                clears=("personal",),
                shifts=follow_the_sun(["tom"], ["klara"], ["hana"], WEEKDAYS),
            ),
            "engineering": Team(name="engineering", title="Engineering", manager="ravi", members=("ravi", "li")),
            "comms": Team(name="comms", title="Communications", manager="zoe", members=("zoe",)),
            "execs": Team(name="execs", title="Executives", manager="noor", members=("noor",)),
            "wellness": Team(name="wellness", title="Wellness", manager="paz", members=("paz",)),
        },
        people={
            name: Person(
                id=name,
                name=name.title(),
                languages={"jonas": ("de", "en"), "yuki": ("ja",), "hana": ("ja", "en")}.get(name, ("en",)),
                email=f"{name}@platform.example",
                matrix=f"@{name}:platform.example",
            )
            for name in PEOPLE
        },
        commander=CommanderRule(
            source=Who(kind="on_shift", name="crt"),
            answers_within=300,
            then=(Who(kind="manager", name="crt"), Who(kind="region_manager")),
        ),
        reach=Reach(
            by_severity={"sev1": ("page", "chat")},
            otherwise=("chat",),
            users=("platform",),
            outside=("email",),
        ),
        contacts={
            "gifct": Contact(name="gifct", channel="email", address_from="GIFCT_EMAIL"),
            "police": Contact(name="police", title="The police", address="desk@police.example", languages=("de",)),
        },
        channels={
            "page": Channel(name="page", connector="webhook", settings={"url_from": "PAGER_URL"}),
            "chat": Channel(name="chat", connector="matrix", settings={"room": "#crisis:platform.example"}),
            "email": Channel(name="email", connector="smtp", clears=("personal",)),
            "platform": Channel(
                name="platform", connector="synapse", settings={"call": "server_notice"}, clears=("personal",)
            ),
        },
    )
