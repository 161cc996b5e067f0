"""Plans with exactly one field changed: for each field of each model in a plan, other values that it could have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from firedoor.plan import (
    Commander,
    Consequence,
    Message,
    MessageRef,
    Plan,
    Prose,
    Review,
    Span,
    Task,
    Text,
    Updates,
    Who,
)
from firedoor.plan.base import Frozen
from firedoor.plan.expression import Const, InputValue, Item, StepField, StepIs
from firedoor.plan.model import walk
from firedoor.plan.steps import StepBase

FOLLOWS: dict[tuple[str, str], str] = {
    ("*", "op"): "which kind of expression it is",
    ("*", "verb"): "another verb is another step",
    ("*", "at"): "where it stands in its file",
    ("*", "path"): "where it stands among the others: a move is told by the steps around it",
    ("Plan", "pace"): "how fast a drill goes, which its launch says, and no playbook",
    ("Plan", "format"): "the format of the plan itself",
    ("Action", "name"): "its key among the actions",
    ("ReadAction", "name"): "its key among the reads",
    ("Read", "site"): "where its answer is recorded",
    ("Read", "type"): "what the read gives, which is told as that",
    ("Read", "listed"): "what the read gives, which is told as that",
    ("InputValue", "type"): "the type of the input, which is told as that",
    ("InputValue", "listed"): "the type of the input, which is told as that",
    ("Item", "type"): "the type of what the loop goes over",
}
"""(model, field) that `firedoor diff` does not tell by itself, and what it follows from."""


@dataclass(frozen=True)
class Mutation:
    model: str
    field: str
    where: str
    plan: Plan


def is_told(model: type[BaseModel], field: str) -> bool:
    return (model.__name__, field) not in FOLLOWS and ("*", field) not in FOLLOWS


def models(root: type[BaseModel] = Plan) -> set[type[BaseModel]]:
    """Every model that can stand in a plan, by the annotations."""
    found: set[type[BaseModel]] = set()
    queue: list[Any] = [root]
    while queue:
        one = queue.pop()
        if isinstance(one, type) and issubclass(one, BaseModel):
            if one not in found:
                found.add(one)
                queue += [field.annotation for field in one.model_fields.values()]
        else:
            queue += [part for part in get_args(one) if not isinstance(part, str)]
    return found


def mutations(plan: Plan) -> Iterator[Mutation]:
    for path, model in _places(plan, ()):
        for field in type(model).model_fields:
            if not is_told(type(model), field):
                continue
            for value in _others(plan, model, field):
                changed = _put(plan, (*path, field), value)
                where = ".".join(map(str, (*path, field)))
                yield Mutation(type(model).__name__, field, f"{where} = {value!r}"[:300], changed)


def _places(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Frozen]]:
    if isinstance(value, Frozen):
        yield path, value
        for field in type(value).model_fields:
            yield from _places(getattr(value, field), (*path, field))
    elif isinstance(value, tuple):
        for index, one in enumerate(value):
            yield from _places(one, (*path, index))
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from _places(one, (*path, key))


def _put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    head, *rest = path
    if isinstance(value, Frozen):
        fields = {name: getattr(value, name) for name in type(value).model_fields}
        return type(value).model_construct(**{**fields, head: _put(fields[head], tuple(rest), new)})
    if isinstance(value, dict):
        return {**value, head: _put(value[head], tuple(rest), new)}
    return tuple(_put(one, tuple(rest), new) if index == head else one for index, one in enumerate(value))


# --- other values


def _others(plan: Plan, model: Frozen, field: str) -> list[Any]:  # noqa: C901 - one case for each kind of reference
    value = getattr(model, field)
    held = [step.path for step in plan.by_path.values() if step.verb == "contain"]
    match (model, field):
        case (Consequence(kind=kind), "kind"):
            return [] if kind in ("ask", "undo") else ["continue" if kind == "stop" else "stop"]
        case (Consequence(kind=kind), "step"):
            return [path for path in held if path != value][:1] if kind == "undo" and value is not None else []
        case (Consequence(kind=kind), "asks" | "may_continue") if kind != "ask":
            return []
        case (Consequence(), "asks"):
            return [Who(kind="manager", name="comms")]
        case (StepIs() | StepField(), "step"):
            others = [step for step in plan.by_path.values() if step.path != value]
            return [step.path for step in others][:1]
        case (Item(), "loop"):
            return [step.path for step in plan.by_path.values() if step.verb == "for_each" and step.path != value][:1]
        case (_, "step") if isinstance(model, StepBase):
            return [path for path in held if path != value][:1]
        case (_, "unlocks"):
            return [tuple(path for path in held if path not in value)[:1] + value, value[1:]] if value else [held[:1]]
        case (_, "action"):
            return [name for name in plan.actions if name != value][:1]
        case (_, "steps"):
            return _more_or_fewer(plan, model, value)
        case (Who(kind="commander" | "launcher" | "users" | "region_manager"), "name"):
            return []
        case (Who(), "kind"):
            return ["manager" if value != "manager" else "team"] if model.name else ["launcher"]
        case (Const(type="number" | "duration"), "value"):
            return [value + 60]
        case (Const(), "type"):
            return ["number" if value == "duration" else "duration"] if value in ("number", "duration") else ["url"]
        case (Span(seconds=seconds), "seconds") | (Span(business_days=0, seconds=seconds), "seconds"):
            return [seconds + 3600] if seconds else []
        case (Span(business_days=0), "business_days"):
            return []
        case (Text() | Message(), "by_language") if len(value) == 1:
            return [{**value, "ja": next(iter(value.values()))}]
        case (Prose(), "of"):
            return [(*value, " and more"), value[:-1]]
        case (InputValue(), "name"):
            return [f"{value}_too"]
        case (Plan(), "languages"):
            return [(*value, "ja"), value[:-1]] if len(value) > 1 else [(*value, "ja")]
    if (type(model).__name__, field) in KEPT:
        return []
    found = _of_type(type(model).model_fields[field].annotation, value)
    return [one for one in found if one != value]


KEPT = {("Audience", "who"), ("Audience", "of")}
"""Told by the fields inside of them: one of the two is None, and stays so."""
_INSTEAD: dict[type, Any] = {
    Who: Who(kind="team", name="comms"),
    Span: Span(seconds=60),
    Text: Text(by_language={"*": Prose(of=("Other words",))}),
    MessageRef: Text(by_language={"*": Prose(of=("Other words",))}),
    Commander: Commander(source=Who(kind="team", name="comms"), answers_within=60),
    Updates: None,
    Review: None,
}


def _more_or_fewer(plan: Plan, model: Frozen, steps: tuple[Any, ...]) -> list[Any]:
    """One step more, and one fewer where nothing refers to the last."""
    head = f"{model.path}." if isinstance(model, StepBase) else ""
    words = Text(by_language={"*": Prose(of=("Something new",))})
    more = Task(path=f"{head}{len(steps)}", at="by-hand.yaml:9", words=words, assign=Who(kind="team", name="crt"))
    whole = plan.canonical.decode()
    named = any(whole.count(f'"{step.path}"') > 1 for step in walk(steps[-1:]))
    return [(*steps, more), *([] if named or len(steps) < 2 else [steps[:-1]])]


def _of_type(annotation: Any, value: Any) -> list[Any]:
    origin = get_origin(annotation)
    if origin is Annotated and not isinstance(value, Frozen):
        return _of_type(get_args(annotation)[0], value)
    if origin is Literal:
        choices = get_args(annotation)
        return [one for one in choices if one != value][:1]
    if origin in (Union, UnionType) and not isinstance(value, Frozen):
        kinds = [one for one in get_args(annotation) if one is not type(None)]
        optional = type(None) in get_args(annotation)
        if value is None:
            return _made(kinds[0])
        inner = [one for kind in kinds for one in _of_type(kind, value) if _fits(kind, value)]
        return [*inner, *([None] if optional else [])]
    if isinstance(value, Consequence):
        return [Consequence(kind="stop" if value.kind != "stop" else "continue")]
    if isinstance(value, Frozen):
        return [_INSTEAD.get(type(value), InputValue(name="office", type="yes_no"))]
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1]
    if isinstance(value, str):
        return [f"{value} too"]
    if isinstance(value, dict):
        return [{key: one for key, one in value.items() if key != last} for last in list(value)[-1:]]
    if isinstance(value, tuple):
        return [value[:-1]] if value else [("law",)] if annotation == tuple[str, ...] else []
    return []


def _fits(kind: Any, value: Any) -> bool:
    origin = get_origin(kind)
    if origin is Literal:
        return value in get_args(kind)
    return isinstance(kind, type) and isinstance(value, kind)


def _made(kind: Any) -> list[Any]:
    """A value where there was none."""
    if get_origin(kind) is Literal:
        return [get_args(kind)[0]]
    if get_origin(kind) is Annotated:  # an expression
        return [InputValue(name="office", type="yes_no")]
    values: dict[Any, list[Any]] = {
        str: ["something"],
        int: [60],
        float: [1.0],
        Span: [Span(seconds=60)],
        Consequence: [Consequence(kind="stop")],
        Text: [Text(by_language={"*": Prose(of=("Words",))})],
        Who: [Who(kind="team", name="comms")],
    }
    return values.get(kind, [])
