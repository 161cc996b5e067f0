"""A scene as a Mermaid sequence diagram, which GitHub, GitLab and most wikis draw inside of Markdown.

Of Mermaid's kinds it is the one that has lanes, time from top to bottom, and frames for what happens at the same time,
in a loop, or on a condition; its flowcharts reorder steps, and write over them. A step is a note over its lanes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from firedoor.explain.folding import fold
from firedoor.explain.reader import Reader
from firedoor.graph.drawn import scene
from firedoor.graph.scene import FIREDOOR, Box, ClockBar, Edge, Frame, Node, Scene

COLUMNS: Final = 34
"""Characters of a line in a note over one lane or two; each further lane makes room for `MORE`."""
MORE: Final = 26
_KEPT: Final = re.compile(r"[^\w\s.,:?!/%+=()“”„\u2018\u2019\u2013—…→·'-]|_")
_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_SHADE: Final = "rect rgba(128, 128, 128, 0.1)"


def mermaid(reader: Reader) -> str:
    """The plan of this reader, as the text that stands between Markdown's fences."""
    return "".join(f"{line}\n" for line in _Diagram(scene(reader)).lines())


class _Diagram:
    def __init__(self, drawn: Scene) -> None:
        self.scene = drawn
        lanes = drawn.lanes if FIREDOOR in drawn.lanes else (FIREDOOR, *drawn.lanes)
        self.ids = {name: f"L{number}" for number, name in enumerate(lanes)}
        self.order = list(lanes)

    def lines(self) -> Iterator[str]:
        yield "sequenceDiagram"
        yield f"  title {_safe(self.scene.title)}"
        yield from (f"  participant {id_} as {_safe(name)}" for name, id_ in self.ids.items())
        yield self._note("  ", self.order, [f"{one.label}: {one.follows}" for one in self.scene.about])
        yield from (self._clock("  ", one) for one in self.scene.clocks)
        yield from self._in_order(self.scene.nodes, "  ")
        if self.scene.after:
            yield self._note("  ", self.order, [f"{one.label}: {one.follows}" for one in self.scene.after])

    def _in_order(self, nodes: Iterable[Node], indent: str) -> Iterator[str]:
        for node in nodes:
            yield from self._frame(node, indent) if isinstance(node, Frame) else self._box(node, indent)

    def _clock(self, indent: str, clock: ClockBar) -> str:
        return self._note(indent, self.order, [f"Time limit {clock.name}", *clock.words])

    def _frame(self, frame: Frame, indent: str) -> Iterator[str]:
        words = _safe(" · ".join([frame.tag, frame.head, *frame.notes]))
        inner = f"{indent}  "
        match frame.kind:
            case "parallel":
                yield f"{indent}par {words}"
                for number, branch in enumerate(frame.children):
                    if number:
                        yield f"{indent}and"
                    yield from self._in_order([branch], inner)
            case "for_each":
                yield f"{indent}loop {words}"
                yield from self._in_order(frame.children, inner)
            case _ if frame.conditional:
                yield f"{indent}opt {words}"
                yield from self._in_order(frame.children, inner)
            case _:
                yield f"{indent}{_SHADE}"
                yield self._note(inner, self._lanes(frame), [frame.tag, frame.head])
                yield from self._in_order(frame.children, inner)
        yield f"{indent}end"

    def _box(self, box: Box, indent: str) -> Iterator[str]:
        signs = [words for asked in box.lanes.values() for words in asked]
        outcomes = [f"{one.label} → {one.follows}" for one in box.outcomes]
        yield self._note(indent, box.lanes, [box.tag, box.head, *signs, *box.notes, *outcomes])
        for edge in self.scene.edges:
            if edge.source == box.path:
                yield f"{indent}{self._edge(edge, box)}"

    def _edge(self, edge: Edge, box: Box) -> str:
        lane = self.ids[min(box.lanes, key=self.order.index)]
        number = ".".join(str(int(part) + 1) for part in edge.target.split("."))
        if edge.kind == "unlocks":
            return f"{lane}->>L0: approved: step {number} may be done"
        return f"{lane}-->>L0: undoes step {number}"

    def _lanes(self, node: Node) -> list[str]:
        if isinstance(node, Box):
            return list(node.lanes)
        return [lane for child in node.children for lane in self._lanes(child)]

    def _note(self, indent: str, lanes: Iterable[str], words: list[str]) -> str:
        at = sorted({self.order.index(lane) for lane in lanes})
        over = ",".join(dict.fromkeys(f"L{number}" for number in (at[0], at[-1])))
        room = COLUMNS + MORE * max(at[-1] - at[0] - 1, 0)
        return f"{indent}Note over {over}: {'<br/>'.join(_safe(line) for one in words for line in fold(one, room))}"


def _safe(text: str) -> str:
    """What Mermaid could read as its own is written as a number."""
    shown = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", " ".join(text.split()))
    return _KEPT.sub(lambda found: f"#{ord(found[0])};", shown)
