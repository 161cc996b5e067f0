"""Characters that a reader cannot see, or that make a line read differently from what it says."""

import re
import unicodedata
from collections.abc import Iterator

# C0 but tab and line breaks, DEL, C1 with NEL; soft hyphen; marks of direction; zero-width ones; line and paragraph
# separators; bidirectional embeddings, overrides and isolates; fillers; the byte order mark; annotations; tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\uffff\ud800-\udfff\U000e0000-\U000e0fff]"
)
_BIDIRECTIONAL = set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def unseen(text: str) -> Iterator[tuple[int, str]]:
    """Offset and description of each character that authors may not use."""
    for found in _UNSEEN.finditer(text):
        yield found.start(), describe(found.group())


def describe(character: str) -> str:
    name = unicodedata.name(character, "")
    point = f"U+{ord(character):04X}"
    if character in _BIDIRECTIONAL:
        kind = "changes the direction of what follows"
    elif unicodedata.category(character) == "Cc":
        kind = "is a control character"
    else:
        kind = "has no width"
    return f"{point}{' (' + name.lower() + ')' if name else ''}, which {kind}"
