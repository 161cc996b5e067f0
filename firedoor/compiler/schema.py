"""The shapes of a book's files, as data: each key, what it holds, and what it is for.

The compiler checks with them, an editor's schema is made from them (firedoor.compiler.json_schema), and so is the
reference for authors (docs/keys.md).
"""

from __future__ import annotations

from dataclasses import dataclass

from firedoor.compiler import meanings as a
from firedoor.compiler.kinds import INPUT_TYPES
from firedoor.compiler.meanings import Value
from firedoor.compiler.shape import Key, Kind, Named, Once, OneOf, Rule, Shape, Together, Where
from firedoor.compiler.values import SEVERITIES


def _k(kind: Kind, says: str, of: Value | Shape | Named = a.TEXT) -> Key:
    return Key(kind, says, of=of)


def _must(kind: Kind, says: str, of: Value | Shape | Named = a.TEXT, example: str = "…") -> Key:
    return Key(kind, says, required=True, example=example, of=of)


def _by_severity(says: str, each: Value) -> Shape:
    return Shape(says, {name: _k("text", f"{says} at {name}", each) for name in SEVERITIES})


# organization.yaml

REGION = Shape(
    "a region",
    {
        "timezone": _must("text", "an IANA name, such as Europe/Dublin", a.TIMEZONE),
        "manager": _must("text", "who manages its people", a.PERSON),
        "weekend": _k("texts", "the days of the week that are no business days; sat and sun unless said", a.DAYS),
        "holidays": _k("list", "other days that are no business days", a.DATE),
    },
)
SHIFT = Shape(
    "a shift",
    {
        "region": _must("text", "whose local time the hours are in", a.REGION),
        "hours": _must("text", 'from when to when, such as "08:00-17:00"', a.HOURS),
        "days": _must("texts", "every day, mon-fri, or a list of days", a.DAYS),
        "on": _must("list", "the people who are on", a.PERSON),
    },
)
TEAM = Shape(
    "a team",
    {
        "title": _must("text", "what people call it"),
        "manager": _must("text", "who manages it, and is told when a seat of it stays empty", a.PERSON),
        "clears": _k("list", "what sensitive data may reach it: personal, graphic", a.SENSITIVITY),
        "shifts": _k("list", "who is on when", SHIFT),
        "members": _k("list", "people who are always on", a.PERSON),
    },
    rules=(OneOf(("shifts", "members"), several=True),),
)
AWAY = Shape(
    "an absence",
    {
        "from": _must("text", "the moment from which they are away", a.DATED, "2026-12-20T18:00:00+01:00"),
        "until": _must("text", "the moment at which they are back", a.DATED, "2027-01-04T08:00:00+01:00"),
        "instead": _must("text", "who is asked instead: of the same team, or a manager", a.PERSON),
    },
)
PERSON = Shape(
    "a person",
    {
        "name": _must("text", "what they are called"),
        "languages": _must("list", "what they read, best first", a.LANGUAGE, "[en]"),
        "email": _k("text", "an address"),
        "matrix": _k("text", "a Matrix user id"),
        "phone": _k("text", "a number with its country code"),
        "away": _k("list", "when they are away, and who is asked instead", AWAY),
    },
)
COMMANDER = Shape(
    "the commander",
    {
        "from": _must("text", "who commands when nobody is named, such as crt.on_shift", a.WHO),
        "answers_within": _must("text", "how long each has to answer before the next is asked", a.TIME),
        "then": _k("list", "who is asked next, in this order", a.WHO),
    },
)
REACH = Shape(
    "reach",
    {
        "sev1": _k("list", "channels at sev1", a.CHANNEL),
        "sev2": _k("list", "channels at sev2", a.CHANNEL),
        "sev3": _k("list", "channels at sev3", a.CHANNEL),
        "sev4": _k("list", "channels at sev4", a.CHANNEL),
        "otherwise": _must("list", "channels at every other severity", a.CHANNEL),
        "users": _k("list", "channels to the platform's own users", a.CHANNEL),
        "outside": _k("list", "channels to contacts", a.CHANNEL),
    },
)
CONTACT = Shape(
    "a contact",
    {
        "title": _k("text", "what people call it"),
        "channel": _k("text", "how it is reached; as `reach.outside` says, unless said", a.CHANNEL),
        "address": _k("text", "its address"),
        "address_from": _k("text", "the environment variable that holds its address", a.VARIABLE),
        "languages": _k("list", "what it reads", a.LANGUAGE),
    },
    rules=(OneOf(("address", "address_from")),),
)
CHANNEL = Shape(
    "a channel",
    {
        "connector": _must("text", "the connector that sends"),
        "clears": _k("list", "what sensitive data may go through it: personal, graphic", a.SENSITIVITY),
    },
    open=True,
)
ORGANIZATION = Shape(
    "the organization",
    {
        "organization": _must("text", "its name"),
        "languages": _must("list", "the languages it speaks, its default first", a.LANGUAGE, "[en]"),
        "regions": _must("map", "where its people are: time zone and manager", Named(a.OWN_NAME, REGION)),
        "teams": _must("map", "who answers together", Named(a.OWN_NAME, TEAM)),
        "people": _must("map", "everyone who is named anywhere in the book", Named(a.OWN_NAME, PERSON)),
        "commander": _must("map", "who commands when nobody is named, and who is asked next", COMMANDER),
        "reach": _must("map", "the channels by which people are reached, by severity", REACH),
        "contacts": _k("map", "whom crises tell outside", Named(a.OWN_NAME, CONTACT)),
        "channels": _must("map", "each way to reach people: a connector and its settings", Named(a.OWN_NAME, CHANNEL)),
    },
    hints={"name": "organization", "persons": "people", "members": "people", "users": "people"},
)

# actions.yaml

SEAT = Shape(
    "a seat",
    {
        "team": _k("text", "whose people may fill it", a.TEAM),
        "role": _k("text", "who may fill it: commander, region.manager, TEAM.manager", a.SEAT_ROLE),
        "seats": _k("text", "how many must sign; 1 unless said", a.WHOLE),
        "when": _k("text", "a condition: whether it has to be filled", a.CONDITION),
    },
    missing="FD301",
    rules=(OneOf(("team", "role")),),
)
ACTION = Shape(
    "an action",
    {
        "does": _must("text", "what it does, in one sentence for whoever signs it"),
        "target": _k("text", "what it acts on: a type such as account or content", a.TARGET_TYPE),
        "connector": _must("text", "the connector that does it"),
        "call": _must("text", "the connector's call"),
        "undo": _k("text", "the call that takes it back"),
        "irreversible": _k("text", "yes where nothing takes it back", a.YES_NO),
        "requires": _k("list", "who must have signed first", SEAT),
        "retries_for": _k("text", "how long it is tried before it has failed; 5m unless said", a.TIME),
    },
    rules=(
        Where("irreversible", ("yes", "true"), lacks=("undo",)),
        Where("irreversible", ("no", "false"), needs=("undo",)),
        Where("irreversible", needs=("undo",)),
    ),
)
READ = Shape(
    "a read",
    {
        "takes": _k("texts", "what it is given: a type, or a list of types", a.TYPE),
        "gives": _must("text", "what it answers: a type, such as number or list of content", a.TYPE),
        "connector": _must("text", "the connector that is asked"),
        "call": _must("text", "the connector's call"),
    },
)
ACTIONS = Shape(
    "actions.yaml",
    {
        "actions": _k("map", "what a playbook may do", Named(a.ID, ACTION)),
        "reads": _k("map", "what a playbook may ask a system", Named(a.ID, READ)),
    },
    hints={"questions": "reads", "queries": "reads"},
)

# clocks.yaml

CLOCK = Shape(
    "a clock",
    {
        "kind": _must("text", "fixed where the law sets a number, standard where it does not", a.CLOCK_KIND),
        "limit": _k("text", "how long a fixed clock runs", a.TIME),
        "target": _k("text", "our own aim for a standard clock", a.TIME),
        "starts": _k("text", "what starts it, in words"),
        "wording": _k("text", "what the law says in place of a number"),
        "may_pause": _k("list", "the grounds on which it may be paused"),
        "after_pause": _k(
            "text", "what it has when it goes on: the rest of its time (unless said), or all of it anew", a.AFTER_PAUSE
        ),
        "law": _must("text", "where it stands"),
        "source": _k("texts", "where it can be read"),
        "version": _k("text", "which version of the row this is"),
        "checked": _k("text", "when counsel last looked at it"),
        "then": _k("texts", "what is owed besides"),
    },
    missing="FD501",
    rules=(
        Where("kind", ("fixed",), needs=("limit",), lacks=("target",)),
        Where("kind", ("standard",), needs=("target",), lacks=("limit",)),
    ),
)
CLOCKS = Shape("clocks.yaml", {"clocks": _must("map", "the time limits, each with its law", Named(a.NAMED, CLOCK))})

# playbooks


def _of_type(*types: str) -> tuple[str, ...]:
    return tuple(f"list of {kind}" for kind in types)


_LISTS = _of_type(*INPUT_TYPES)
_COUNT = _k("text", "the number of items", a.COUNT)
_DEFAULTS: tuple[tuple[str, Value], ...] = (
    ("yes_no", a.YES_NO),
    ("number", a.NUMBER),
    ("duration", a.ANY_TIME),
    ("date_time", a.DATED),
    ("language", a.LANGUAGE),
    ("country", a.COUNTRY),
)
"""What an input may be unless said, by its type. Of the other types it is a text."""


def _input_rules() -> tuple[Rule, ...]:
    says = "what it is unless said"
    typed = dict.fromkeys(INPUT_TYPES, a.TEXT) | dict(_DEFAULTS)
    bounds = {"number": a.NUMBER, "duration": a.ANY_TIME}
    unbounded = tuple(kind for kind in INPUT_TYPES if kind not in bounds)
    return (
        Where("type", ("choice", "list of choice"), needs=("choices",)),
        Where(
            "type",
            tuple(kind for kind in a.TYPE.words if kind not in ("choice", "list of choice")),
            lacks=("choices",),
        ),
        Where("type", unbounded, lacks=("at_least", "at_most")),
        *(
            Where("type", (kind,), holds={name: _k("text", "the bound", value) for name in ("at_least", "at_most")})
            for kind, value in bounds.items()
        ),
        Where("type", _LISTS, holds={"at_least": _COUNT, "at_most": _COUNT}),
        *(Where("type", (kind,), holds={"default": _k("text", says, value)}) for kind, value in typed.items()),
        *(Where("type", _of_type(kind), holds={"default": _k("list", says, value)}) for kind, value in typed.items()),
        Where("optional", ("yes", "true"), lacks=("default",)),
    )


INPUT = Shape(
    "an input",
    {
        "type": _must("text", "a type, such as text, yes_no, list of account", a.TYPE),
        "ask": _k("text", "the question that the launch form asks"),
        "optional": _k("text", "yes where it may be left out", a.YES_NO),
        "default": _k("any", "what it is unless said"),
        "at_least": _k("text", "the smallest number, the shortest time, or the fewest items", a.BOUND),
        "at_most": _k("text", "the largest number, the longest time, or the most items", a.BOUND),
        "choices": _k("list", "the words to choose from"),
        "sensitive": _k("text", "why it reaches only who is cleared for it: personal or graphic", a.SENSITIVITY),
    },
    rules=_input_rules(),
)
PLAYBOOK_CLOCK = Shape(
    "a playbook's clock",
    {
        "clock": _must("text", "its name in clocks.yaml", a.CLOCK),
        "starts": _must(
            "text", "an expression for the moment it starts, such as run.aware_at", a.MOMENT, "run.aware_at"
        ),
        "when": _k("text", "a condition: whether it applies", a.CONDITION),
        "not_due": _k("text", "a condition that ends it, as it turns out not to be owed", a.CONDITION),
    },
    missing="FD501",
)
UPDATES = Shape(
    "updates",
    {
        "every": _must("map", "how often, by severity", _by_severity("how often", a.TIME), "{sev1: 30m}"),
        "to": _must("texts", "who is told", a.AUDIENCE),
        "say": _must("words", "a text, or the name of a message", a.SAY, '"…"'),
    },
    missing="FD701",
)
REVIEW_TASK = Shape(
    "a review task",
    {
        "task": _must("words", "what is to be done", a.WORDS),
        "assign": _must("text", "who does it", a.WHO, "TEAM.on_shift"),
        "due": _must("text", "how long they have", a.DUE, "5 days"),
        "when": _k("text", "a condition: whether it is to be done", a.CONDITION),
    },
    missing="FD601",
)
REVIEW = Shape(
    "a review",
    {
        "owner": _must("text", "who sees it through", a.WHO),
        "meeting_within": _k("map", "how soon it meets, by severity", _by_severity("how soon it meets", a.DUE)),
        "tasks": _k("list", "what is to be done", REVIEW_TASK),
    },
)
SEVERITY = Shape(
    "severity",
    {name: _k("text", f"when it is {name}", a.SEVERITY_RULE) for name in SEVERITIES},
    rules=(Once("otherwise"),),
)
PLAYBOOK = Shape(
    "a playbook",
    {
        "playbook": _must("text", "its name", a.NAMED),
        "version": _must("text", "its version, as a text"),
        "owner": _must("text", "the team that owns it", a.TEAM),
        "title": _must("words", "what people call it", a.WORDS),
        "use_when": _must("text", "when to launch it"),
        "inputs": _k("map", "what is asked at launch", Named(a.ID, INPUT)),
        "severity": _must("map", "a condition for each severity; the worst that holds counts", SEVERITY),
        "clocks": _k("list", "the time limits that may apply", PLAYBOOK_CLOCK),
        "updates": _k("map", "who is told regularly while it runs", UPDATES),
        "steps": _must("steps", "what is done"),
        "review": _k("map", "what is looked at afterwards", REVIEW),
    },
    hints={
        "name": "playbook",
        "actions": "steps",
        "do": "steps",
        "tasks": "steps",
        "description": "use_when",
        "when": "use_when",
        "parameters": "inputs",
        "variables": "inputs",
    },
)

# steps


def _follows(says: str, outcome: str, example: str | None = None) -> Key:
    """What an outcome leads to. It is one thing: more of them are steps of their own."""
    several = f": undo all, or continue, and behind it an undo step for each with when: {outcome}"
    return Key("text", says, required=example is not None, example=example or "…", of=a.THEN, several=several)


EVERY_STEP = {
    "id": _k("text", "a name, where something refers to the step", a.ID),
    "when": _k("text", "a condition: whether the step happens", a.CONDITION),
    "meets": _k(
        "texts",
        "the clocks that it stops when it succeeds: in a loop in every round, a group with all that it holds",
        a.CLOCK,
    ),
    "on_failure": _follows("what happens when it fails: `ask commander` unless said", "ID is failed"),
}
_ENDS = "continue, leave, undo …, undo all, stop, or ask …"
_SILENCE = "what silence means"


@dataclass(frozen=True)
class Verb:
    name: str
    says: str
    """What the step does, in one line."""
    head: Key
    """What stands after the verb itself."""
    shape: Shape


def _verb(
    name: str,
    noun: str,
    says: str,
    head: Key,
    keys: dict[str, Key],
    missing: str = "FD102",
    rules: tuple[Rule, ...] = (),
    **hints: str,
) -> Verb:
    first = Key(head.kind, head.says, required=True, of=head.of)
    shape = Shape(noun, {name: first, **keys, **EVERY_STEP}, missing, rules=rules, hints=hints)
    return Verb(name, says, head, shape)


_ARGUMENT = Named(a.NAMED, a.WORDS, inside=("list",))

VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        _verb(
            "notify",
            "a notify step",
            "tell people; how they are reached is the organization's `reach`",
            _must("texts", "who is told", a.AUDIENCE),
            {"say": _must("words", "a text, or the name of a message", a.SAY, '"…"')},
            "FD701",
            message="say",
            text="say",
            template="say",
        ),
        _verb(
            "approve",
            "an approve step",
            "one decision, by named seats",
            _must("words", "the question", a.WORDS),
            {
                "needs": _must("list", "whose signatures it takes", SEAT, "[{team: …}]"),
                "not_by": _k("texts", "who may not sign, besides the launcher", a.WHO),
                "show": _k("texts", "what the deciders see: expressions", a.EXPRESSION),
                "deadline": _must("text", "how long they have", a.TIME, "1h"),
                "escalate": _k("text", "when the managers of empty seats are told, and may sign", a.TIME),
                "on_reject": _follows(f"what a no means: {_ENDS}", "ID is rejected", "ask commander"),
                "on_timeout": _follows(f"{_SILENCE}: {_ENDS}", "ID is unanswered", "ask commander"),
            },
            "FD301",
            due="deadline",
            assign="who decides stands under `needs`",
        ),
        _verb(
            "contain",
            "a contain step",
            "act on targets; what it contains is held until it is undone",
            _must("text", "an action of actions.yaml", a.ACTION),
            {
                "targets": _k("text", "what it acts on: an expression", a.EXPRESSION),
                "with": _k("map", "what the action is given", _ARGUMENT),
                "expires": _k("text", "after how long it lapses", a.TIME),
                "on_expiry": _k("text", "what happens then: undo, or ask …", a.ON_EXPIRY),
                "ask_above": _k("text", "the number of targets above which the commander is asked first", a.WHOLE),
            },
            "FD401",
            (Together("expires", "on_expiry"),),
            target="targets",
        ),
        _verb(
            "undo",
            "an undo step",
            "release what a step contains",
            _must("text", "the id of the step whose containment is released", a.STEP),
            {"targets": _k("text", "which of its targets; all unless said", a.EXPRESSION)},
            "FD401",
        ),
        _verb(
            "task",
            "a task",
            "work for a person, who says when it is done",
            _must("words", "what is to be done", a.WORDS),
            {
                "assign": Key(
                    "text",
                    "who does it",
                    required=True,
                    example="TEAM.on_shift",
                    of=a.WHO,
                    several=", who answers for it; for several, write a task for each, in a parallel",
                ),
                "due": _k("text", "how long they have", a.DUE),
                "on_timeout": _follows(f"{_SILENCE}: {_ENDS}", "ID is unanswered"),
                "proof": _k("text", "what must be given when it is done, such as: case number"),
            },
            "FD601",
            (Together("due", "on_timeout"),),
            deadline="due",
            escalate="a task has `due` and `on_timeout`",
            on_reject="a task has one answer, done; use approve for yes or no",
        ),
        _verb(
            "wait",
            "a wait",
            "some time, or until something holds",
            _must("text", "how long, or a condition", a.WAIT),
            {
                "held_for": _k("text", "how long the condition must hold", a.TIME),
                "check_every": _k("text", "how often it is looked at; 1m unless said", a.TIME),
                "at_most": _k("text", "how long it may take", a.TIME),
                "on_timeout": _follows(f"what happens when it takes longer: {_ENDS}", "ID is unanswered"),
            },
            "FD501",
            (
                Together("at_most", "on_timeout"),
                Where("wait", form=a.LASTS, lacks=("held_for", "check_every", "at_most")),
            ),
            deadline="at_most",
            due="at_most",
            timeout="at_most",
        ),
        _verb(
            "parallel",
            "a parallel",
            "its steps at the same time",
            _must("words", "its name", a.WORDS),
            {"steps": _must("steps", "what runs at the same time")},
        ),
        _verb(
            "group",
            "a group",
            "its steps in order; one `when` for all of them, and where `leave` leads out",
            _must("words", "its name", a.WORDS),
            {"steps": _must("steps", "what runs in order")},
        ),
        _verb(
            "for_each",
            "a for_each",
            "its steps for each item of a list",
            _must("text", "NAME in EXPRESSION", a.EACH),
            {
                "steps": _must("steps", "what is done for each item"),
                "at_once": _k("text", "how many items at the same time; 1 unless said", a.WHOLE),
                "ask_above": _k("text", "the number of items above which the commander is asked first", a.WHOLE),
            },
        ),
        _verb(
            "run",
            "a run step",
            "the steps of another playbook",
            _must("text", "another playbook of the book", a.PLAYBOOK),
            {"with": _k("map", "its inputs", _ARGUMENT)},
            inputs="with",
        ),
    )
}
