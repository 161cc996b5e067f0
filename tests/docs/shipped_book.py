"""The page about the shipped book, written from its compiled plans: `python -m tests.docs.shipped_book` writes it again.

What a playbook contains and what its limits are is told as `firedoor explain` tells it, without the numbers of steps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from firedoor.compiler import load_book
from firedoor.compiler.book import Book
from firedoor.explain import Reader, explain
from firedoor.plan import Plan
from firedoor.plan.time import spelt_out
from tests.docs.pages import DOCS, ROOT

PAGE = DOCS / "book.md"
HEAD = """# The shipped book

Twelve crises, and five playbooks that others run and that can be launched alone. Copy the folder `playbooks/`, and make it
yours: the organization, the clocks that your counsel has looked at, the words. `firedoor explain NAME` tells the whole of a
playbook, and `firedoor graph NAME` draws it.

Each contains first and tells beside it. What goes further than the first hour needs is signed for; what a no and a silence
mean stands in each. A clock says how much of its time is left when everything takes its longest.

The numbers of help lines in `messages/helpline-card` are those of the languages' largest countries: check them, and add yours.

This page is written from the playbooks by a test, so it says what they do.
"""
SHARED = ("legal-hold", "public-statement", "user-notice", "region-handover", "exposure-care")
TOLD = ("Done at once, before any signature:", "Done only once it is signed for:", "Cannot be undone:", "Time limits:")
_STEPS = re.compile(r" \(steps? [^)]*?(?:, (on a condition))?\)")


def page(book: Book) -> str:
    crises = sorted(book.plans.keys() - {*SHARED})
    parts = [HEAD, "\n## Twelve crises\n", *(_section(book, book.plans[name]) for name in crises)]
    parts += ["\n## Shared by them\n", *(_section(book, book.plans[name]) for name in SHARED)]
    return "".join(parts)


def _section(book: Book, plan: Plan) -> str:
    told = explain(plan, book.organization)
    glance = next(one for one in told.sections if one.heading == "At a glance")
    items = {item.head: item.says for item in glance.items}
    lines = [f"\n### {told.title}\n", f"`{plan.playbook}`. {plan.use_when}\n", *_signs(book, plan)]
    lines += [f"- **{head}** {_STEPS.sub(_unnumbered, ' '.join(items[head]))}" for head in TOLD if head in items]
    return "\n".join(lines) + "\n"


def _unnumbered(steps: re.Match[str]) -> str:
    return f" ({steps.group(1)})" if steps.group(1) else ""


def _signs(book: Book, plan: Plan) -> Iterator[str]:
    """Each decision: what is asked, of whom, and how long they have."""
    reader = Reader(plan, book.organization, None)
    decisions = [step for step in plan.by_path.values() if step.verb == "approve"]
    yield "- **Signs:**" if decisions else "- **Signs:** nobody."
    for one in decisions:
        seats = [reader.seat(seat) + (" on a condition" if seat.when is not None else "") for seat in one.needs]
        yield f"  - {', '.join(seats)}, within {spelt_out(one.deadline)}: {reader.text(one.question)}"


if __name__ == "__main__":
    PAGE.write_text(page(load_book(ROOT / "playbooks")))
