"""A picture as SVG: text as text, no script, nothing fetched; in light, in dark and on paper.

What a thing is is said by its shape and its words, never by colour alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from firedoor.explain.reader import Reader
from firedoor.graph.drawn import scene
from firedoor.graph.layout import MARGIN, Line, Picture, PlacedBox, PlacedClock, PlacedFrame, Rect, picture
from firedoor.graph.words import Block, block

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)

_STYLE: Final = """
svg { background: #ffffff; font-family: "Helvetica Neue", Helvetica, Arial, "Noto Sans CJK JP", sans-serif; }
text { fill: #17212b; }
.title { font-size: 22px; } .lane { font-size: 13px; } .head { font-size: 13px; }
.tag { font-size: 10.5px; } .note { font-size: 11.5px; } .warn { font-size: 11.5px; }
.b { font-weight: 700; }
.band { fill: #e3e8ee; } .odd { fill: #f6f8fa; } .even { fill: #ffffff; } .split { stroke: #c3ccd6; }
.box { fill: #ffffff; stroke: #17212b; stroke-width: 1.3; }
.chip { fill: #eef1f5; stroke: #66717d; stroke-width: 0.8; }
.frame { fill: #17212b; fill-opacity: 0.022; stroke: #55616e; stroke-width: 1.1; }
.bold { stroke-width: 3; stroke: #17212b; } .fill { fill: #17212b; stroke: none; }
.thin { fill: none; stroke: #17212b; stroke-width: 0.8; }
.dashed { stroke-dasharray: 6 4; } .dotted { stroke-dasharray: 1.5 3.5; stroke-linecap: round; }
.line { fill: none; stroke: #17212b; stroke-width: 1.3; }
.unlocks { stroke: #0b6b3a; stroke-width: 1.6; stroke-dasharray: 12 3 2 3; } .unlocks-end { fill: #0b6b3a; }
.undoes { stroke: #a3320b; stroke-width: 1.5; } .undoes-end { fill: #a3320b; }
.meets { stroke: #66717d; stroke-width: 1.1; }
.contain { fill: #a3320b; } .approve { fill: #f2f7ff; } .task { fill: #fffdf2; }
.bar { fill: #17212b; fill-opacity: 0.8; } .target { fill: none; stroke: #17212b; stroke-width: 1.4; }
@media (prefers-color-scheme: dark) {
  svg { background: #12171d; } text { fill: #e8edf2; }
  .band { fill: #2a333d; } .odd { fill: #171d24; } .even { fill: #12171d; } .split { stroke: #3a4550; }
  .box { fill: #1b222a; stroke: #e8edf2; } .chip { fill: #29323c; stroke: #9aa6b2; }
  .frame { fill: #e8edf2; fill-opacity: 0.03; stroke: #9aa6b2; } .bold { stroke: #e8edf2; } .fill { fill: #e8edf2; }
  .thin, .line, .target { stroke: #e8edf2; } .unlocks { stroke: #5fd39b; } .unlocks-end { fill: #5fd39b; }
  .undoes { stroke: #ff9a70; } .undoes-end { fill: #ff9a70; } .meets { stroke: #9aa6b2; }
  .contain { fill: #ff9a70; } .approve { fill: #1a2533; } .task { fill: #26241a; } .bar { fill: #e8edf2; }
}
@media print {
  svg { background: #ffffff; } text { fill: #000000; } .box, .approve, .task { fill: #ffffff; stroke: #000000; }
  .odd, .even { fill: #ffffff; } .band, .chip { fill: #eeeeee; } .frame { fill: none; stroke: #000000; }
  .line, .thin, .target, .bold, .unlocks, .undoes, .meets { stroke: #000000; }
  .fill, .contain, .bar, .unlocks-end, .undoes-end { fill: #000000; }
}
"""


def svg(reader: Reader) -> str:
    """The plan of this reader, drawn. Pure text: the same plan gives the same picture, byte for byte."""
    drawn = picture(scene(reader))
    name = re.sub(r"[^a-z0-9-]", "-", drawn.scene.playbook.lower())
    return "".join(f"{line}\n" for line in _document(drawn, name))


def _document(drawn: Picture, name: str) -> Iterator[str]:
    width, height = _number(drawn.width), _number(drawn.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'lang="{_escaped(drawn.scene.language)}" role="graphics-document document" '
        f'aria-labelledby="{name}-title {name}-desc">'
    )
    yield f'<title id="{name}-title">{_escaped(drawn.scene.title)}</title>'
    yield f'<desc id="{name}-desc">{_escaped(_description(drawn))}</desc>'
    yield f"<style>{_STYLE}</style>"
    yield from _defs(name)
    yield from _lanes(drawn)
    yield from (line for one in drawn.frames for line in _frame(one))
    yield from (_line(one, name) for one in drawn.lines)
    yield from (line for one in drawn.frames for line in _texts(one.blocks))
    yield from (line for one in drawn.boxes.values() for line in _box(one))
    yield from (line for one in drawn.clocks for line in _clock(one))
    yield from _texts([*drawn.head, *drawn.foot])
    yield from _legend(drawn.legend_at, name)
    yield "</svg>"


def _description(drawn: Picture) -> str:
    shown = drawn.scene
    when = next((one.follows for one in shown.about if one.label == "When to use it"), "")
    return (
        f"The playbook {shown.playbook} from top to bottom, in lanes: {', '.join(shown.lanes)}. "
        f"{len(drawn.boxes)} steps and {len(shown.clocks)} time limits. When to use it: {when}"
    )


# --- pieces ---------------------------------------------------------------------------------------------------------


def _defs(name: str) -> Iterator[str]:
    yield "<defs>"
    for kind, style in (("then", "fill"), ("unlocks", "unlocks-end"), ("undoes", "undoes-end")):
        yield (
            f'<marker id="{name}-{kind}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
            f'markerUnits="userSpaceOnUse" orient="auto"><path class="{style}" d="M0 0 10 5 0 10z"/></marker>'
        )
    yield "</defs>"


def _lanes(drawn: Picture) -> Iterator[str]:
    for number, lane in enumerate(drawn.lanes):
        rect = Rect(lane.x, drawn.lanes_from, lane.w, drawn.lanes_to - drawn.lanes_from)
        yield _rect(rect, "odd" if number % 2 else "even")
    yield from (_rect(one, "band") for one in drawn.bands)
    for x in [*(lane.x for lane in drawn.lanes), *(lane.right for lane in drawn.lanes[-1:])]:
        yield (f'<path class="split" d="M{_number(x)} {_number(drawn.lanes_from)}V{_number(drawn.lanes_to)}"/>')
    yield from _texts(drawn.names)


def _frame(placed: PlacedFrame) -> Iterator[str]:
    rect, kind = placed.rect, placed.frame.kind
    yield "<g>"
    yield f"<title>{_escaped(f'{placed.frame.tag}: {placed.frame.head}')}</title>"
    conditional = " dashed" if placed.frame.conditional else ""
    yield _rect(rect, f"frame{conditional}", round_=14 if kind == "for_each" else 2)
    if kind == "playbook":
        yield _rect(Rect(rect.x + 3, rect.y + 3, rect.w - 6, rect.h - 6), "thin")
    if kind == "parallel":
        for y in (rect.y, rect.bottom):
            yield f'<path class="bold" d="M{_number(rect.x)} {_number(y)}H{_number(rect.right)}"/>'
    if kind == "for_each":
        x, y = rect.right - 24, rect.y + 17
        yield f'<path class="thin" d="M{_number(x + 7)} {_number(y - 5)}a7 7 0 1 0 2 6"/>'
        yield f'<path class="fill" d="M{_number(x + 3)} {_number(y - 6)}h6v-6z"/>'
    yield "</g>"


def _box(placed: PlacedBox) -> Iterator[str]:
    rect, verb = placed.rect, placed.box.verb
    yield f'<g id="step-{placed.box.tag.split()[0]}">'
    yield f"<title>{_escaped(f'{placed.box.tag}: {placed.box.head}')}</title>"
    yield from _shape(rect, verb)
    yield from _sign(rect.right - 22, rect.y + 8, verb)
    for chip in placed.chips:
        yield _rect(chip.rect, "chip", round_=3)
        yield from _texts([chip.block])
    for y in placed.outcomes_at:
        yield f'<path class="thin" d="M{_number(rect.x)} {_number(y)}H{_number(rect.right)}"/>'
    yield from _texts(placed.blocks)
    yield "</g>"


def _shape(rect: Rect, verb: str) -> Iterator[str]:
    match verb:
        case "contain":
            yield _rect(rect, "box")
            yield _rect(Rect(rect.x, rect.y, 6, rect.h), "contain")
        case "undo":
            yield _rect(rect, "box dashed")
        case "approve":
            yield _rect(rect, "box approve")
            yield _rect(Rect(rect.x + 3, rect.y + 3, rect.w - 6, rect.h - 6), "thin")
        case "wait":
            yield _rect(rect, "box", round_=16)
        case _:
            yield _rect(rect, f"box {verb}" if verb == "task" else "box")


def _sign(x: float, y: float, verb: str) -> Iterator[str]:
    """A small sign of what kind of step it is, beside the word that says so."""
    signs = {
        "contain": "M2 6V4a4 4 0 0 1 8 0v2M0 6h12v8H0z",
        "undo": "M4 1 0 5l4 4M0 5h8a4 4 0 0 1 0 8H4",
        "approve": "M0 11h12M0 14h12M1 7l3 3 7-9",
        "task": "M0 2h12v12H0zM3 8l2 3 5-6",
        "notify": "M0 3h12v9H0zM0 3l6 5 6-5",
        "wait": "M1 1h10L6 7.5 11 14H1l5-6.5z",
    }
    yield f'<path class="thin" transform="translate({_number(x)} {_number(y)})" d="{signs[verb]}"/>'


def _clock(placed: PlacedClock) -> Iterator[str]:
    bar = placed.bar
    yield "<g>"
    yield f"<title>{_escaped(f'{placed.clock.name}: ' + '; '.join(placed.clock.words))}</title>"
    yield _rect(bar, "bar" if placed.clock.fixed else "target")
    for y in (bar.y, bar.bottom):
        yield f'<path class="bold" d="M{_number(bar.x - 4)} {_number(y)}H{_number(bar.right + 4)}"/>'
    yield from _texts(placed.blocks)
    yield "</g>"


def _line(line: Line, name: str) -> str:
    points = " ".join(f"{_number(x)} {_number(y)}" for x, y in line.points)
    style = {"unlocks": "unlocks", "undoes": "undoes dashed", "meets": "meets dotted"}.get(line.kind, "")
    end = "" if line.kind == "meets" else f' marker-end="url(#{name}-{line.kind})"'
    return f'<polyline class="line {style}" points="{points}"{end}/>'


def _legend(y: float, name: str) -> Iterator[str]:
    words = (
        ("then", "then"),
        ("unlocks", "an approval lets this be done"),
        ("undoes", "this undoes that"),
        ("meets", "meets the time limit"),
    )
    x = MARGIN
    for kind, says in words:
        yield _line(Line(kind, ((x, y + 10), (x + 34, y + 10))), name)
        text = block(says, "note", x + 42, y + 2, 400)
        yield from _texts([text])
        x = text.x + text.width + 22


# --- text and numbers -----------------------------------------------------------------------------------------------


def _texts(blocks: Iterable[Block]) -> Iterator[str]:
    for one in blocks:
        if not one.lines:
            continue
        x, first = _number(one.x), _number(one.y + one.size)
        lines = []
        for number, runs in enumerate(one.lines):
            start = f'x="{x}" y="{first}"' if number == 0 else f'x="{x}" dy="{_number(one.leading)}"'
            inner = "".join(
                f'<tspan class="b">{_escaped(run.text)}</tspan>' if run.bold else _escaped(run.text) for run in runs
            )
            lines.append(f"<tspan {start}>{inner}</tspan>")
        yield f'<text class="{one.style}">{" ".join(lines)}</text>'


def _rect(rect: Rect, style: str, *, round_: float = 0) -> str:
    corner = f' rx="{_number(round_)}"' if round_ else ""
    return (
        f'<rect class="{style}" x="{_number(rect.x)}" y="{_number(rect.y)}" width="{_number(rect.w)}" '
        f'height="{_number(rect.h)}"{corner}/>'
    )


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _escaped(text: str) -> str:
    """Text that XML allows, with what steers the direction of a text shown as unseen."""
    shown = _UNSEEN.sub("\N{REPLACEMENT CHARACTER}", text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
