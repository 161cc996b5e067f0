"""Which step is which: through insertions, moves, new names, and several of these at once."""

from __future__ import annotations

import itertools

from hypothesis import given, settings
from hypothesis import strategies as st

from firedoor.comparing import compare_plans
from firedoor.comparing.alignment import out_of_order
from firedoor.comparing.comparison import Comparison
from firedoor.comparing.speech import Speech
from firedoor.plan import MessageRef, Plan, Prose, Step
from firedoor.plan.expression import InputValue
from tests.run import plans as p


def _tasks(*words: str) -> Plan:
    return p.plan(*(p.task(one, "crt.on_shift") for one in words))


def _pairs(old: Plan, new: Plan) -> list[tuple[str, str]]:
    found = Comparison.of(old, new, Speech("en"))
    return [(before.path, now.path) for before, now in found.steps.pairs]


def _says(old: Plan, new: Plan) -> list[str]:
    return [change.says for change in compare_plans(old, new)]


def test_an_inserted_step_is_the_only_one_that_is_told() -> None:
    told = _says(_tasks("Call", "Write"), _tasks("Look", "Call", "Write"))
    assert told == ["New: whoever is on shift in crt is given “Look”."]


def test_of_several_alike_the_first_is_the_first() -> None:
    assert _pairs(_tasks("Call", "Call"), _tasks("Call", "Call", "Call")) == [("0", "0"), ("1", "1")]


def test_an_id_outweighs_words_and_place() -> None:
    old = p.plan(p.task("Call them", name="a"), p.task("Write to them", name="b"))
    new = p.plan(p.task("Call them", name="b"), p.task("Write to them", name="a"))
    assert _pairs(old, new) == [("1", "0"), ("0", "1")]


def test_a_step_with_new_words_in_its_place_is_that_step() -> None:
    old = p.plan(p.task("Call the owner of the account", due=p.HOUR, on_timeout="stop"), p.lock())
    new = p.plan(p.task("Telephone whoever owns it", due=p.HOUR, on_timeout="stop"), p.lock())
    assert _says(old, new) == ["“Call the owner of the account” is now worded “Telephone whoever owns it”."]


def test_another_step_in_the_same_place_is_another_step() -> None:
    old = p.plan(p.task("Call the owner", due=p.HOUR, on_timeout="stop", proof="case number"), p.lock())
    new = p.plan(p.task("Inform the press", "comms"), p.lock())
    kinds = [change.kind for change in compare_plans(old, new)]
    assert sorted(kinds) == ["added.task", "removed.step"]


def test_a_moved_step_is_moved_and_what_stayed_is_not_told() -> None:
    told = _says(_tasks("One", "Two", "Three", "Four"), _tasks("Two", "Three", "One", "Four"))
    assert told == ["“One” now comes after “Three”."]


def test_the_order_in_a_parallel_is_no_order() -> None:
    one, two = p.task("One"), p.task("Two")
    assert _says(p.plan(p.parallel(one, two)), p.plan(p.parallel(two, one))) == []


def test_moved_renamed_and_changed_at_once() -> None:
    old = p.plan(p.lock(), p.task("Call", name="call", due=p.HOUR, on_timeout="stop"), p.group(p.notify("legal")))
    new = p.plan(p.lock(), p.group(p.task("Phone", name="call", due=2 * p.HOUR, on_timeout="stop"), p.notify("legal")))
    assert _says(old, new) == [
        "“Phone” now stands in “In order”, was in the playbook's own steps.",
        "Whoever is on shift in crt now has 2 hours for “Phone”, was 1 hour.",
        "“Call” is now worded “Phone”.",
    ]


def test_references_follow_a_moved_step() -> None:
    """What refers to a step by its place means the same step when the place has moved."""
    steps: list[Step] = [
        p.lock(),
        p.approve("May it?", p.seat("policy"), on_reject="undo #lock", name="ok"),
        p.undo("#lock"),
    ]
    old, new = p.plan(*steps), p.plan(p.wait(p.HOUR), *steps)
    assert _says(old, new) == ["New: the wait of 1 hour."]


def test_a_hole_that_means_another_step_is_told() -> None:
    def plan(loop: str) -> Plan:
        inner = p.for_each(p.given("accounts"), p.task(Prose(of=("Of ", p.item(loop)))), name="inner")
        return p.plan(p.for_each(p.given("accounts"), inner, name="outer"))

    (told,) = compare_plans(plan("#outer"), plan("#inner"))
    assert (told.kind, told.matter) == ("text.holes", "texts")


def test_what_a_message_is_given_is_told() -> None:
    def plan(name: str) -> Plan:
        say = MessageRef(message="brief", context={"line": InputValue(name=name, type="text")})
        return p.plan(p.notify("crt").model_copy(update={"say": say}))

    assert _says(plan("note"), plan("story")) == [
        "In the notice to crt, the message is now given story as line, was note."
    ]


def test_thousands_of_steps_that_share_nothing_are_compared_all_the_same() -> None:
    old = _tasks(*(f"Do this as number {number}" for number in range(400)))
    new = p.plan(*(p.task(f"Etwas anderes, {number * 7}", "legal", due=60, on_timeout="stop") for number in range(400)))
    assert len(compare_plans(old, new)) == 800


@given(st.permutations(range(7)))
@settings(max_examples=50)
def test_what_is_out_of_order_is_the_fewest(numbers: list[int]) -> None:
    moved = out_of_order(numbers)
    rest = [number for number in numbers if number not in moved]
    assert rest == sorted(rest)
    longest = max(
        size
        for size in range(len(numbers) + 1)
        for some in itertools.combinations(numbers, size)
        if list(some) == sorted(some)
    )
    assert len(rest) == longest


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_shuffle_of_named_steps_tells_moves_alone(data: st.DataObject) -> None:
    steps: list[Step] = [p.task(f"Task {number}", name=f"t{number}") for number in range(6)]
    shuffled = data.draw(st.permutations(steps))
    kinds = {change.kind for change in compare_plans(p.plan(*steps), p.plan(*shuffled))}
    assert kinds <= {"moved.first", "moved.after"}
    assert bool(kinds) == (shuffled != steps)
