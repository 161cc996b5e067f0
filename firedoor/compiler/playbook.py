"""A playbook's file as it was read: its keys, before its steps are lowered."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from firedoor.compiler import inputs, outline, schema, values
from firedoor.compiler.diagnostics import Findings
from firedoor.compiler.names import Bound
from firedoor.compiler.nodes import Mapping, Sequence
from firedoor.compiler.outline import Outline
from firedoor.compiler.shape import Fields, fields
from firedoor.plan.model import Input


@dataclass
class Playbook:
    name: str
    fields: Fields
    inputs: tuple[Input, ...]
    bound: dict[str, Bound]
    """What its inputs' names mean, when it is launched by itself."""
    unsure: bool = False
    """Not all of its names could be read, which has been told: one that it does not have may be among them."""

    @property
    def file(self) -> str:
        return self.fields.node.source.name

    @property
    def steps(self) -> Sequence | None:
        node = self.fields.values.get("steps")
        return node if isinstance(node, Sequence) else None

    @cached_property
    def own_outline(self) -> Outline:
        """Of its steps where they stand by themselves."""
        return self.outline("")

    def outline(self, prefix: str) -> Outline:
        """Of its steps where a `run` puts them: the first one gets the path `prefix` + "0"."""
        return outline.outline(self.steps, prefix) if self.steps is not None else Outline()


def read(node: Mapping, findings: Findings) -> Playbook | None:
    """The playbook, None where it has no name."""
    found = fields(node, schema.PLAYBOOK, findings)
    key = found.text("playbook")
    if key is None:
        return None
    name = values.kebab(key, "a playbook", findings)
    section = found.mapping("inputs")
    made, bound = inputs.read(section, findings)
    lacking = "inputs" in found.broken or found.strange if section is None else section.refused
    playbook = Playbook(name or key.text, found, made, bound)
    clash = _clash(playbook, findings)
    playbook.unsure = lacking or clash
    return playbook


def _clash(playbook: Playbook, findings: Findings) -> bool:
    """Ids and inputs are named alike in expressions: no two may share a name. Whether a step and an input do."""
    clash = False
    made = playbook.own_outline
    for first, second in made.twice:
        message = f'two steps have the id "{second.id}", on lines {first.key.place.line} and {second.key.place.line}'
        findings.add("FD209", second.key.place, message, fix="give one of them another id")
    for ref in made.ids.values():
        if values.identifier(ref.key, "a step", findings) and ref.id in playbook.bound:
            message = f'"{ref.id}" is a step and an input'
            findings.add("FD209", ref.key.place, message, fix="give the step another id")
            clash = True
    return clash
