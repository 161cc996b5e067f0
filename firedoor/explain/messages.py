"""The words of a plan's messages, as their templates say them: holes and conditions in brackets."""

from __future__ import annotations

import re
from typing import Final

from firedoor.explain import conditions
from firedoor.explain.prose import Item, Section
from firedoor.explain.reader import LANGUAGES, Reader

_TAG: Final = re.compile(r"\{\{-?\s*(?P<hole>.*?)\s*-?\}\}|\{%-?\s*(?P<tag>.*?)\s*-?%\}|\{#.*?#\}", re.DOTALL)
_FILTER: Final = re.compile(r"\s*\|\s*\w+(\([^)]*\))?")
_WORD: Final = re.compile(r"\b[a-z]\w*_\w+\b")


def section(reader: Reader) -> Section:
    """Every message of the plan in the reader's language, where it is there; else in the organization's."""
    items = []
    for name, message in sorted(reader.plan.messages.items()):
        wanted = (reader.language, *reader.plan.languages, *message.by_language)
        language = next(one for one in wanted if one in message.by_language)
        head = f"{name}, in {LANGUAGES.get(language, language)}:"
        items.append(Item(head=head, says=(f"“{_plain(message.by_language[language])}”",)))
    return Section(heading="The words of its messages", items=tuple(items))


def _plain(template: str) -> str:
    return " ".join(_TAG.sub(_said, template).split())


def _said(found: re.Match[str]) -> str:
    if found["hole"] is not None:
        return f"[{_names(found['hole'])}]"
    match (found["tag"] or "").split(maxsplit=1):
        case ["if", when]:
            return f"[if {_names(when)}: "
        case ["elif", when]:
            return f"; else, if {_names(when)}: "
        case ["else"]:
            return "; else: "
        case ["for", each]:
            return f"[for each {_names(each)}: "
        case ["endif"] | ["endfor"]:
            return "]"
        case _:
            return ""


def _names(words: str) -> str:
    return _WORD.sub(lambda name: conditions.plain(name[0]), _FILTER.sub("", words))
