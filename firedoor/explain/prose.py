"""What an explanation is made of: sections of numbered items, each with its sentences. How it looks is another matter."""

from __future__ import annotations

from firedoor.plan.base import Frozen


class Point(Frozen):
    """One of several things that can come of an item: `label` says which, `says` what then."""

    label: str
    says: str


class Item(Frozen):
    """`number` is that of a step, as in "2.1"; empty elsewhere. `head` stands out; `says` are whole sentences."""

    number: str = ""
    head: str = ""
    longest: str = ""
    """How long a step can take: "at worst 10 minutes"."""
    says: tuple[str, ...] = ()
    points: tuple[Point, ...] = ()
    items: tuple[Item, ...] = ()


class Section(Frozen):
    heading: str
    says: tuple[str, ...] = ()
    items: tuple[Item, ...] = ()


class Explanation(Frozen):
    playbook: str
    version: str
    digest: str
    """Of the plan that is told: what a launch of it signs."""
    title: str
    under_title: str
    sections: tuple[Section, ...]
