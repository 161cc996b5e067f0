"""Gives everything in a scene its place. Lanes are columns, time goes down, and what holds steps is a frame around them.

A sequence stands one below another. The branches of a parallel stand beside each other where they are in different
lanes, else below each other without an arrow between them. All that a line crosses on its way is lane, never text: edges
run in margins of their own, and boxes cover what passes behind them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from firedoor.graph.scene import Box, ClockBar, Edge, Frame, Node, Scene, leaves
from firedoor.graph.words import LEADS_TO, Block, Style, below, block, labelled

MARGIN: Final = 24.0
BOX: Final = 236.0
"""Width of a box in one lane."""
PAD: Final = 10.0
INSET: Final = 9.0
"""Between a frame and what is inside of it, at its sides."""
GUTTER: Final = 12.0
"""Between the last frame of a lane and the lane's edge."""
GAP: Final = 28.0
"""Between two steps of a sequence: room for an arrow."""
BESIDE: Final = 14.0
"""Between two branches of a parallel that stand in one lane."""
TRACK: Final = 9.0
CLOCK: Final = 176.0
AGAIN: Final = 1_300.0
"""After how much height the names of the lanes are written again."""
LEAST_WIDE: Final = 760.0
CORNER: Final = 18.0
"""At the right of a box's first line, where its sign stands."""
LEGEND: Final = 58.0


@dataclass(frozen=True)
class Rect:
    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        return self.x + self.w

    @property
    def bottom(self) -> float:
        return self.y + self.h


@dataclass(frozen=True)
class Chip:
    rect: Rect
    block: Block


@dataclass(frozen=True)
class PlacedBox:
    box: Box
    rect: Rect
    blocks: tuple[Block, ...]
    chips: tuple[Chip, ...]
    outcomes_at: tuple[float, ...]
    """Where a line stands above each outcome."""


@dataclass(frozen=True)
class PlacedFrame:
    frame: Frame
    rect: Rect
    blocks: tuple[Block, ...]
    depth: int


@dataclass(frozen=True)
class Line:
    kind: str
    """"then", "unlocks", "undoes", "meets"."""
    points: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class PlacedClock:
    clock: ClockBar
    bar: Rect
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Lane:
    name: str
    x: float
    w: float

    @property
    def right(self) -> float:
        return self.x + self.w


@dataclass
class Picture:
    scene: Scene
    width: float = 0
    height: float = 0
    lanes: list[Lane] = field(default_factory=list)
    lanes_from: float = 0
    lanes_to: float = 0
    head: list[Block] = field(default_factory=list)
    names: list[Block] = field(default_factory=list)
    """The names of the lanes, again and again."""
    bands: list[Rect] = field(default_factory=list)
    """What stands behind them."""
    frames: list[PlacedFrame] = field(default_factory=list)
    boxes: dict[str, PlacedBox] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    clocks: list[PlacedClock] = field(default_factory=list)
    foot: list[Block] = field(default_factory=list)
    legend_at: float = 0


def picture(scene: Scene) -> Picture:
    return _Layout(scene).picture


class _Layout:
    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.picture = Picture(scene)
        self.index = {name: number for number, name in enumerate(scene.lanes)}
        self.hulls: dict[str, tuple[int, int]] = {}
        self.edges = [*_tracks(scene)]
        for node in scene.nodes:
            self._hull(node)
        self._columns()
        self._head()
        self._steps()
        self._edges()
        self._clocks()
        self._foot()

    # --- across

    def _hull(self, node: Node) -> tuple[int, int]:
        """The first and the last lane that a node reaches over."""
        if isinstance(node, Box):
            found = [self.index[name] for name in node.lanes]
        else:
            found = [one for child in node.children for one in self._hull(child)] or [0]
        self.hulls[node.path] = min(found), max(found)
        return self.hulls[node.path]

    def _columns(self) -> None:
        left, right = self._nested(0), self._nested(1)
        self.rights = right
        undoes = 1 + max((track for edge, track in self.edges if edge.kind == "undoes"), default=-1)
        unlocks = 1 + max((track for edge, track in self.edges if edge.kind == "unlocks"), default=-1)
        x = MARGIN + undoes * TRACK + (GUTTER if undoes else 0)
        self.content: list[tuple[float, float]] = []
        self.left: list[float] = []
        for number, name in enumerate(self.scene.lanes):
            start = x + GUTTER
            box = start + left[number] * INSET
            end = box + BOX + right[number] * INSET
            self.left.append(start)
            self.content.append((box, box + BOX))
            width = end + GUTTER - x + (unlocks * TRACK if number == 0 else 0)
            self.picture.lanes.append(Lane(name, x, width))
            x += width
        self.lanes_end = x
        clocks = len(self.scene.clocks) * CLOCK
        self.picture.width = max(x + clocks + MARGIN, LEAST_WIDE)

    def _nested(self, side: int) -> Counter[int]:
        """How many frames stand within each other at one side of each lane."""
        most: Counter[int] = Counter()

        def look(nodes: Iterable[Node], within: Counter[int]) -> None:
            for node in nodes:
                if isinstance(node, Frame):
                    lane = self.hulls[node.path][side]
                    inside = within + Counter([lane])
                    most[lane] = max(most[lane], inside[lane])
                    look(node.children, inside)

        look(self.scene.nodes, Counter())
        return most

    # --- above

    def _head(self) -> None:
        room = self.picture.width - 2 * MARGIN
        title = block(self.scene.title, "title", MARGIN, MARGIN, room)
        found, y = [title], title.bottom + 8
        for one in self.scene.about:
            line = labelled(one.label, one.follows, MARGIN, y, min(room, 1_000))
            found.append(line)
            y = line.bottom + 3
        self.picture.head = found
        self.picture.lanes_from = y + 12

    def _band(self, y: float) -> float:
        """The names of the lanes; returns where they end."""
        names = [block(one.name, "lane", one.x + GUTTER, y + 8, one.w - 2 * GUTTER) for one in self.picture.lanes]
        bottom = below(names, y + 20) + 8
        self.picture.names += names
        self.picture.bands.append(Rect(self._first_x(), y, self.lanes_end - self._first_x(), bottom - y))
        return bottom

    def _first_x(self) -> float:
        return self.picture.lanes[0].x if self.picture.lanes else MARGIN

    # --- down

    def _steps(self) -> None:
        named = y = self._band(self.picture.lanes_from)
        self.begins = y
        before: Rect | None = None
        y += GAP / 2
        for node in self.scene.nodes:
            if y - named > AGAIN:
                y = named = self._band(y)
                y += GAP / 2
                before = None
            rect = self._place(node, y, 0, Counter(), Counter())
            if before is not None:
                self._then(before, rect)
            before, y = rect, rect.bottom + GAP
        self.picture.lanes_to = y - GAP / 2

    def _place(self, node: Node, y: float, depth: int, lefts: Counter[int], rights: Counter[int]) -> Rect:
        if isinstance(node, Box):
            placed = self._box(node, y)
            self.picture.boxes[node.path] = placed
            return placed.rect
        return self._frame(node, y, depth, lefts, rights)

    def _frame(self, frame: Frame, y: float, depth: int, lefts: Counter[int], rights: Counter[int]) -> Rect:
        low, high = self.hulls[frame.path]
        x = self.left[low] + lefts[low] * INSET
        right = self.content[high][1] + (self.rights[high] - rights[high]) * INSET
        number = len(self.picture.frames)
        beside = low == 0 and any(edge.kind == "unlocks" for edge in self.scene.edges)
        blocks = self._titles(frame, x, y, (self.content[0][1] if beside else right) - x)
        inner = below(blocks, y) + PAD
        lefts, rights = lefts + Counter([low]), rights + Counter([high])
        inside = self._beside if frame.kind == "parallel" else self._below
        bottom = inside(frame.children, inner, depth + 1, lefts, rights) + PAD + 2
        rect = Rect(x, y, right - x, bottom - y)
        self.picture.frames.insert(number, PlacedFrame(frame, rect, tuple(blocks), depth))
        return rect

    def _titles(self, frame: Frame, x: float, y: float, width: float) -> list[Block]:
        """Where edges run beside the first lane, the title keeps to that lane."""
        room = width - 2 * PAD
        found = [block(frame.tag, "tag", x + PAD, y + 8, room)]
        found.append(block(frame.head, "head", x + PAD, found[-1].bottom + 2, room))
        for note in frame.notes:
            found.append(block(note, "note", x + PAD, found[-1].bottom + 2, room))
        return found

    def _below(self, nodes: tuple[Node, ...], y: float, depth: int, lefts: Counter[int], rights: Counter[int]) -> float:
        before: Rect | None = None
        for node in nodes:
            rect = self._place(node, y, depth, lefts, rights)
            if before is not None:
                self._then(before, rect)
            before, y = rect, rect.bottom + GAP
        return before.bottom if before is not None else y

    def _beside(
        self, nodes: tuple[Node, ...], y: float, depth: int, lefts: Counter[int], rights: Counter[int]
    ) -> float:
        taken: list[tuple[int, int, Rect]] = []
        for node in nodes:
            low, high = self.hulls[node.path]
            mine = [rect for first, last, rect in taken if first <= high and low <= last]
            rect = self._place(node, self._free(node, y, mine), depth, lefts, rights)
            taken.append((low, high, rect))
        return max((rect.bottom for _, _, rect in taken), default=y)

    def _free(self, node: Node, y: float, taken: list[Rect]) -> float:
        """The first height at which a branch has its lanes to itself; a frame stands below all that is there."""
        after = [y, *(rect.bottom + BESIDE for rect in taken)]
        if isinstance(node, Frame):
            return max(after)
        tall = self._box(node, y).rect.h + BESIDE
        fits = (at for at in sorted(after) if all(at + tall <= one.y or one.bottom + BESIDE <= at for one in taken))
        return next(fits)

    def _then(self, one: Rect, other: Rect) -> None:
        start, end = max(one.x, other.x), min(one.right, other.right)
        if start < end:
            x = (start + end) / 2
            self.picture.lines.append(Line("then", ((x, one.bottom), (x, other.y))))
            return
        x, to, y = one.x + one.w / 2, other.x + other.w / 2, (one.bottom + other.y) / 2
        self.picture.lines.append(Line("then", ((x, one.bottom), (x, y), (to, y), (to, other.y))))

    # --- one box

    def _box(self, box: Box, y: float) -> PlacedBox:
        low, high = self.hulls[box.path]
        x, right = self.content[low][0], self.content[high][1]
        room = right - x - 2 * PAD
        blocks = [block(box.tag, "tag", x + PAD, y + 8, room - CORNER)]
        chips = [*self._chips(box, blocks[0].bottom + 5)]
        under = max([chip.rect.bottom + 5 for chip in chips], default=blocks[0].bottom + 2)
        blocks.append(block(box.head, "head", x + PAD, under, room))
        for note in box.notes:
            style: Style = "warn" if note.isupper() else "note"
            blocks.append(block(note, style, x + PAD, blocks[-1].bottom + 3, room))
        lines = []
        for one in box.outcomes:
            lines.append(blocks[-1].bottom + 5)
            blocks.append(labelled(one.label, one.follows, x + PAD, lines[-1] + 4, room, LEADS_TO))
        rect = Rect(x, y, right - x, blocks[-1].bottom + 9 - y)
        return PlacedBox(box, rect, tuple(blocks), tuple(chips), tuple(lines))

    def _chips(self, box: Box, y: float) -> Iterator[Chip]:
        """What is asked of each lane, in that lane."""
        low, high = self.hulls[box.path]
        for name, words in box.lanes.items():
            number = self.index[name]
            x = self.content[number][0] if number == low else self.picture.lanes[number].x + GUTTER
            end = self.content[number][1] if number == high else self.picture.lanes[number].right - GUTTER
            text = "; ".join(words) or (name if len(box.lanes) > 1 else "")
            if text:
                found = block(text, "note", x + 2 * PAD, y + 4, end - x - 4 * PAD)
                yield Chip(Rect(x + PAD, y, end - x - 2 * PAD, found.height + 8), found)

    # --- what runs along the sides

    def _edges(self) -> None:
        ends: Counter[tuple[str, str]] = Counter()
        for edge, track in self.edges:
            source, target = self.picture.boxes[edge.source], self.picture.boxes[edge.target]
            side = (edge.target, edge.kind)
            into = min(target.rect.y + 16 + 9 * ends[side], target.rect.bottom - 6)
            ends[side] += 1
            if edge.kind == "undoes":
                x, to = self._first_x() - GUTTER - track * TRACK, target.rect.x
            else:
                x, to = self.picture.lanes[0].right - 6 - track * TRACK, target.rect.right
            out = source.rect.bottom - 12 if edge.outcome is None else source.outcomes_at[edge.outcome] + 11
            points = ((source.rect.x, out), (x, out), (x, into), (to, into))
            self.picture.lines.append(Line(edge.kind, points))

    def _clocks(self) -> None:
        for number, clock in enumerate(self.scene.clocks):
            x = self.lanes_end + 18 + number * CLOCK
            blocks = [block(clock.name, "lane", x, self.picture.lanes_from + 8, CLOCK - 18)]
            for words in clock.words:
                blocks.append(block(words, "note", x, blocks[-1].bottom + 2, CLOCK - 18))
            since = self.picture.boxes.get(clock.since or "")
            top = max(below(blocks, 0) + 8, since.rect.bottom if since else 0)
            met = [*self._meeting(clock)]
            bottom = max([*(at - 6 for _, at, _ in met), top + 24]) if met else self.picture.lanes_to
            bar = Rect(x + 6, top, 12, bottom - top)
            for right, at, step in met:
                y = max(at - 6, top)
                self.picture.lines.append(Line("meets", ((right, at), (right, y), (bar.x, y))))
                blocks.append(block(f"met by {step}", "note", bar.right + 8, y + 3, CLOCK - 40))
            self.picture.clocks.append(PlacedClock(clock, bar, tuple(blocks)))

    def _meeting(self, clock: ClockBar) -> Iterator[tuple[float, float, str]]:
        """Where the lines to the bar begin, and the number of each step: at its top, or where what holds others ends."""
        for path in clock.met_by:
            box = self.picture.boxes.get(path)
            if box is not None:
                yield box.rect.right - 14, box.rect.y, box.box.tag.split()[0]
        for placed in self.picture.frames:
            if placed.frame.path in clock.met_by:
                yield placed.rect.right - 14, placed.rect.bottom, placed.frame.tag.split()[0]

    # --- below

    def _foot(self) -> None:
        room = min(self.picture.width - 2 * MARGIN, 1_000)
        bottoms = [clock.bar.bottom for clock in self.picture.clocks]
        y = max([self.picture.lanes_to, *bottoms]) + 14
        for one in self.scene.after:
            line = labelled(one.label, one.follows, MARGIN, y, room)
            self.picture.foot.append(line)
            y = line.bottom + 3
        self.picture.legend_at = y + 12
        self.picture.height = self.picture.legend_at + LEGEND


def _tracks(scene: Scene) -> Iterator[tuple[Edge, int]]:
    """Each edge with the number of its track: edges that run past each other have tracks of their own."""
    order = {box.path: number for number, box in enumerate(leaves(scene.nodes))}
    taken: dict[str, list[list[tuple[int, int]]]] = {"unlocks": [], "undoes": []}
    spans = [(edge, *_between(order[edge.source], order[edge.target])) for edge in scene.edges]
    for edge, first, last in sorted(spans, key=lambda one: (one[2] - one[1], one[1])):
        tracks = taken[edge.kind]
        free = (n for n, track in enumerate(tracks) if all(last < a or first > b for a, b in track))
        number = next(free, len(tracks))
        if number == len(tracks):
            tracks.append([])
        tracks[number].append((first, last))
        yield edge, number


def _between(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)
