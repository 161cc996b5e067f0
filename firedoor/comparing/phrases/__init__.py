"""The sentences of a comparison, by language: small catalogues beside each other, with the same keys and the same holes.

A key is named for what changed ("deadline", "seat.gone"). What follows from a no or a silence has several forms, since
languages put it differently: `now` in "…, the commander is now asked", `plain` after "and", `before` in "before, …"; `kept` is `plain` where it
was said just before that all stays.
"""

from __future__ import annotations

from typing import Final

from firedoor.comparing.phrases import de, en, ja

CATALOGUES: Final = {"en": en.PHRASES, "de": de.PHRASES, "ja": ja.PHRASES}
LANGUAGES: Final = tuple(CATALOGUES)
