"""A compiled playbook drawn for people: lanes by team, time from top to bottom. As SVG, or as Mermaid for Markdown."""

from firedoor.graph.mermaid import mermaid
from firedoor.graph.svg import svg

__all__ = ["mermaid", "svg"]
