"""What changed between two versions of a playbook or a book, in plain words, what matters most first."""

from firedoor.comparing.books import Difference, Part, compare_books
from firedoor.comparing.change import MATTERS, Change, Matter
from firedoor.comparing.phrases import LANGUAGES
from firedoor.comparing.playbooks import compare_plans

__all__ = [
    "LANGUAGES",
    "MATTERS",
    "Change",
    "Difference",
    "Matter",
    "Part",
    "compare_books",
    "compare_plans",
]
