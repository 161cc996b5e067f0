"""Suggestions: one name where exactly one is close, else the choices. A guess among several would mislead."""

from __future__ import annotations

from collections.abc import Iterable

MOST_LISTED = 12


def close(word: str, names: Iterable[str]) -> str | None:
    """The one name that `word` is a misspelling of, or None where there is none, or more than one."""
    budget = 1 if len(word) <= 4 else 2 if len(word) <= 9 else 3
    best: list[str] = []
    least = budget + 1
    for name in names:
        if abs(len(name) - len(word)) > budget:
            continue
        distance = _distance(word.lower().replace("-", "_"), name.lower().replace("-", "_"))
        if distance < least:
            least, best = distance, [name]
        elif distance == least and name not in best:
            best.append(name)
    return best[0] if len(best) == 1 and least <= budget else None


def fix(word: str, names: Iterable[str], nothing: str | None = None) -> str | None:
    """`write "x"`, or the choices; `nothing` where there are none."""
    known = list(names)
    name = close(word, known)
    if name is not None:
        return f'write "{name}"'
    return f"choose one of {listed(known)}" if known else nothing


def listed(names: Iterable[str]) -> str:
    known = sorted(names)
    shown = ", ".join(known[:MOST_LISTED])
    return f"{shown} … ({len(known)} in all)" if len(known) > MOST_LISTED else shown


def _distance(left: str, right: str) -> int:
    """Edits from one to the other, a swap of two neighbours being one (optimal string alignment)."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        earlier, before, row = before, row, [i]
        for j, b in enumerate(right, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
