"""What is said: prose by language, or a message template of the book with the playbook's inputs as its context."""

from pydantic import Field

from firedoor.plan.base import Frozen
from firedoor.plan.expression import Expr, Prose


class Text(Frozen):
    """Prose by language. The key `*` is text that was written once, in no named language."""

    by_language: dict[str, Prose]

    def in_language(self, language: str, fallbacks: tuple[str, ...] = ()) -> Prose:
        """The prose for a reader of `language`; else a fallback's, else what was written once, else the first."""
        for key in (language, *fallbacks, "*"):
            if key in self.by_language:
                return self.by_language[key]
        return next(iter(self.by_language.values()))


class MessageRef(Frozen):
    """A message template of the book, by name; its languages are in `Plan.messages`."""

    message: str
    context: dict[str, Expr] = Field(default_factory=dict)
    """What names of the template mean here, where the run cannot know it: inputs of a playbook that was inlined."""
