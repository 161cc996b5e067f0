"""A compiled playbook told as prose that a lawyer or an executive can read. Every sentence comes from the plan."""

from firedoor.explain.prose import Explanation, Item, Point, Section
from firedoor.explain.reader import Reader
from firedoor.explain.telling import explain

__all__ = ["Explanation", "Item", "Point", "Reader", "Section", "explain"]
