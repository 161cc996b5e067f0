"""What a notice says to whom: the language that is read best, and nothing that the reader or the channel is not cleared for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from activities.rendering import RenderFailed
from firedoor.connectors.channel import DRILL
from firedoor.people.organization import Sensitivity
from firedoor.plan.evaluate import WITHHELD
from firedoor.protocol import NotifyOrder, Rendering

ONCE: Final = "*"
"""Text that was written once, in no named language."""
BETWEEN_LANGUAGES: Final = "\n\n———\n\n"
CLOSED: Final = "What this says may not be shown here. Open the incident to read it."
EXERCISE: Final = f"{DRILL}: this is an exercise."


@dataclass(frozen=True, slots=True)
class Wording:
    """A text, and the languages that it is in."""

    text: str
    languages: tuple[str, ...]

    @property
    def locale(self) -> str:
        return ", ".join(self.languages)


class NoWords(ValueError):
    """There is no text that this reader may have. The reason is in plain words, and holds nothing of the text."""


class Renders(Protocol):
    async def render(self, source: str, context: dict[str, Any]) -> str: ...


class Words:
    """The words of one order. Each template is rendered once for each language and clearance."""

    def __init__(self, order: NotifyOrder, renderer: Renders) -> None:
        self._order = order
        self._renderer = renderer
        self._rendered: dict[tuple[str, frozenset[str]], str | RenderFailed] = {}

    async def for_reader(
        self,
        languages: Sequence[str],
        cleared: Collection[Sensitivity],
        *,
        reads_any: bool = False,
        staff: bool = True,
        own: Collection[str] = (),
    ) -> Wording:
        """The text for a reader of `languages`, best first. Raises NoWords.

        `reads_any`: which of them the reader knows is not known, so all that there are come, one after the other.
        `own` are addresses of the reader's: a sensitive value that is one of them is no secret to its owner.
        """
        hidden = frozenset(
            name
            for name, kinds in self._order.sensitive.items()
            if not set(kinds.split()) <= set(cleared) and not self._is_own(name, own)
        )
        written = [*self._order.templates] if self._order.templates else [text.language for text in self._order.texts]
        ranked = preference(written, languages, self._order.languages)
        if reads_any:
            wanted = [language for language in ranked if _one_of(language, languages)] or ranked[:1]
        else:
            wanted = ranked[:1]
        found: list[tuple[str, str]] = []
        for language in wanted:
            text = await self._text(language, cleared, hidden)
            if text is not None:
                found.append((language, text))
        if not found:
            found = [(language, text) for language, text in [await self._any(ranked, cleared, hidden)] if text]
        if not found and staff and (hidden or self._order.texts):
            found = [(ONCE, f"{self._order.subject}\n{CLOSED}")]
        if not found:
            raise NoWords("there is no text that may be shown there" if written else "the notice has no words")
        text = BETWEEN_LANGUAGES.join(text for _, text in found)
        if self._order.drill:
            text = f"{EXERCISE}\n\n{text}"
        return Wording(text, tuple(language for language, _ in found))

    def _is_own(self, name: str, own: Collection[str]) -> bool:
        value = self._order.context.get(name)
        return isinstance(value, str) and value in own

    async def _any(
        self, ranked: Iterable[str], cleared: Collection[Sensitivity], hidden: frozenset[str]
    ) -> tuple[str, str | None]:
        """Another language is better than nothing."""
        for language in ranked:
            text = await self._text(language, cleared, hidden)
            if text is not None:
                return language, text
        return ONCE, None

    async def _text(self, language: str, cleared: Collection[Sensitivity], hidden: frozenset[str]) -> str | None:
        if self._order.templates:
            return await self._template(language, hidden)
        fit = fittest(self._order.texts, language, cleared)
        return fit.text if fit else None

    async def _template(self, language: str, hidden: frozenset[str]) -> str | None:
        key = (language, hidden)
        if key not in self._rendered:
            context = {
                name: withheld(value) if name in hidden else value for name, value in self._order.context.items()
            }
            try:
                self._rendered[key] = await self._renderer.render(self._order.templates[language], context)
            except RenderFailed as error:
                self._rendered[key] = error
        made = self._rendered[key]
        return made if isinstance(made, str) else None


def preference(written: Iterable[str], wanted: Sequence[str], fallbacks: Sequence[str]) -> list[str]:
    """The languages that there are, best first: as wanted, else near to it ("de" for "de-AT"), else as the organization
    falls back, else what was written once, else any.
    """
    there = list(dict.fromkeys(written))
    found = [
        language
        for tag in (*wanted, *fallbacks)
        for language in (*_exactly(there, tag), *(near for near in there if near != ONCE and _base(near) == _base(tag)))
    ]
    return list(dict.fromkeys([*found, *_exactly(there, ONCE), *there]))


def fittest(texts: Iterable[Rendering], language: str, cleared: Collection[str]) -> Rendering | None:
    """Of the texts in a language, the one that tells most of what may be told."""
    allowed = [text for text in texts if text.language == language and set(text.needs) <= set(cleared)]
    return max(allowed, key=lambda text: len(text.needs), default=None)


def withheld(value: Any) -> Any:
    """A value that is not shown, in a shape that a template can do the same things with."""
    return [WITHHELD] if isinstance(value, list) else None if value is None else WITHHELD


def _exactly(there: Iterable[str], tag: str) -> list[str]:
    return [language for language in there if language.lower() == tag.lower()]


def _base(tag: str) -> str:
    return tag.partition("-")[0].lower()


def _one_of(language: str, languages: Iterable[str]) -> bool:
    return any(_base(language) == _base(tag) for tag in languages)
