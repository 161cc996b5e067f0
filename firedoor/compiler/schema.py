"""The shapes of a book's files, as data: each key, what it holds, and what it is for."""

from __future__ import annotations

from dataclasses import dataclass

from firedoor.compiler.shape import Key, Kind, Shape


def _k(kind: Kind, says: str) -> Key:
    return Key(kind, says)


def _must(kind: Kind, says: str, example: str = "…") -> Key:
    return Key(kind, says, required=True, example=example)


# organization.yaml

ORGANIZATION = Shape(
    "the organization",
    {
        "organization": _must("text", "its name"),
        "languages": _must("list", "the languages it speaks, its default first", "[en]"),
        "regions": _must("map", "where its people are: time zone and manager"),
        "teams": _must("map", "who answers together"),
        "people": _must("map", "everyone who is named anywhere in the book"),
        "commander": _must("map", "who commands when nobody is named, and who is asked next"),
        "reach": _must("map", "the channels by which people are reached, by severity"),
        "contacts": _k("map", "whom crises tell outside"),
        "channels": _must("map", "each way to reach people: a connector and its settings"),
    },
    hints={"name": "organization", "persons": "people", "members": "people", "users": "people"},
)
REGION = Shape(
    "a region",
    {"timezone": _must("text", "an IANA name, such as Europe/Dublin"), "manager": _must("text", "a person")},
)
TEAM = Shape(
    "a team",
    {
        "title": _must("text", "what people call it"),
        "manager": _must("text", "a person"),
        "clears": _k("list", "what sensitive data may reach it: personal, graphic"),
        "shifts": _k("list", "who is on when"),
        "members": _k("list", "people who are always on"),
    },
)
SHIFT = Shape(
    "a shift",
    {
        "region": _must("text", "whose local time the hours are in"),
        "hours": _must("text", 'from when to when, such as "08:00-17:00"'),
        "days": _must("texts", "every day, mon-fri, or a list of days"),
        "on": _must("list", "the people who are on"),
    },
)
PERSON = Shape(
    "a person",
    {
        "name": _must("text", "what they are called"),
        "languages": _must("list", "what they read, best first", "[en]"),
        "email": _k("text", "an address"),
        "matrix": _k("text", "a Matrix user id"),
        "phone": _k("text", "a number with its country code"),
    },
)
COMMANDER = Shape(
    "the commander",
    {
        "from": _must("text", "who commands when nobody is named, such as crt.on_shift"),
        "answers_within": _must("text", "how long each has to answer before the next is asked"),
        "then": _k("list", "who is asked next, in this order"),
    },
)
REACH = Shape(
    "reach",
    {
        "sev1": _k("list", "channels at sev1"),
        "sev2": _k("list", "channels at sev2"),
        "sev3": _k("list", "channels at sev3"),
        "sev4": _k("list", "channels at sev4"),
        "otherwise": _must("list", "channels at every other severity"),
        "users": _k("list", "channels to the platform's own users"),
        "outside": _k("list", "channels to contacts"),
    },
)
CONTACT = Shape(
    "a contact",
    {
        "title": _k("text", "what people call it"),
        "channel": _k("text", "how it is reached; as `reach.outside` says, unless said"),
        "address": _k("text", "its address"),
        "address_from": _k("text", "the environment variable that holds its address"),
        "languages": _k("list", "what it reads"),
    },
)
CHANNEL = Shape(
    "a channel",
    {
        "connector": _must("text", "the connector that sends"),
        "clears": _k("list", "what sensitive data may go through it: personal, graphic"),
    },
    open=True,
)

# actions.yaml

ACTIONS = Shape(
    "actions.yaml",
    {"actions": _k("map", "what a playbook may do"), "reads": _k("map", "what a playbook may ask a system")},
    hints={"questions": "reads", "queries": "reads"},
)
ACTION = Shape(
    "an action",
    {
        "does": _must("text", "what it does, in one sentence for whoever signs it"),
        "target": _k("text", "what it acts on: a type such as account or content"),
        "connector": _must("text", "the connector that does it"),
        "call": _must("text", "the connector's call"),
        "undo": _k("text", "the call that takes it back"),
        "irreversible": _k("text", "yes where nothing takes it back"),
        "requires": _k("list", "who must have signed first"),
        "retries_for": _k("text", "how long it is tried before it has failed; 5m unless said"),
    },
)
READ = Shape(
    "a read",
    {
        "takes": _k("texts", "what it is given: a type, or a list of types"),
        "gives": _must("text", "what it answers: a type, such as number or list of content"),
        "connector": _must("text", "the connector that is asked"),
        "call": _must("text", "the connector's call"),
    },
)
SEAT = Shape(
    "a seat",
    {
        "team": _k("text", "whose people may fill it"),
        "role": _k("text", "who may fill it: commander, region.manager, TEAM.manager"),
        "seats": _k("text", "how many must sign; 1 unless said"),
        "when": _k("text", "a condition"),
    },
    missing="FD301",
)

# clocks.yaml

CLOCKS = Shape("clocks.yaml", {"clocks": _must("map", "the time limits, each with its law")})
CLOCK = Shape(
    "a clock",
    {
        "kind": _must("text", "fixed where the law sets a number, standard where it does not"),
        "limit": _k("text", "how long a fixed clock runs"),
        "target": _k("text", "our own aim for a standard clock"),
        "starts": _k("text", "what starts it, in words"),
        "wording": _k("text", "what the law says in place of a number"),
        "may_pause": _k("list", "the grounds on which it may be paused"),
        "law": _must("text", "where it stands"),
        "source": _k("texts", "where it can be read"),
        "version": _k("text", "which version of the row this is"),
        "checked": _k("text", "when counsel last looked at it"),
        "then": _k("texts", "what is owed besides"),
    },
    missing="FD501",
)

# playbooks

PLAYBOOK = Shape(
    "a playbook",
    {
        "playbook": _must("text", "its name"),
        "version": _must("text", "its version, as a text"),
        "owner": _must("text", "the team that owns it"),
        "title": _must("words", "what people call it"),
        "use_when": _must("text", "when to launch it"),
        "inputs": _k("map", "what is asked at launch"),
        "severity": _must("map", "a condition for each severity; the worst that holds counts"),
        "clocks": _k("list", "the time limits that may apply"),
        "updates": _k("map", "who is told regularly while it runs"),
        "steps": _must("steps", "what is done"),
        "review": _k("map", "what is looked at afterwards"),
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
INPUT = Shape(
    "an input",
    {
        "type": _must("text", "a type, such as text, yes_no, list of account"),
        "ask": _k("text", "the question that the launch form asks"),
        "optional": _k("text", "yes where it may be left out"),
        "default": _k("any", "what it is unless said"),
        "at_least": _k("text", "the smallest number, or the fewest items"),
        "at_most": _k("text", "the largest number, or the most items"),
        "choices": _k("list", "the words to choose from"),
        "sensitive": _k("text", "personal or graphic"),
    },
)
PLAYBOOK_CLOCK = Shape(
    "a playbook's clock",
    {
        "clock": _must("text", "its name in clocks.yaml"),
        "starts": _must("text", "an expression for the moment it starts, such as run.aware_at", "run.aware_at"),
        "when": _k("text", "a condition: whether it applies"),
        "not_due": _k("text", "a condition that ends it, as it turns out not to be owed"),
    },
    missing="FD501",
)
UPDATES = Shape(
    "updates",
    {
        "every": _must("map", "how often, by severity", "{sev1: 30m}"),
        "to": _must("texts", "who is told"),
        "say": _must("words", "a text, or the name of a message", '"…"'),
    },
    missing="FD701",
)
REVIEW = Shape(
    "a review",
    {
        "owner": _must("text", "who sees it through"),
        "meeting_within": _k("map", "how soon it meets, by severity"),
        "tasks": _k("list", "what is to be done"),
    },
)
REVIEW_TASK = Shape(
    "a review task",
    {
        "task": _must("words", "what is to be done"),
        "assign": _must("text", "who does it", "TEAM.on_shift"),
        "due": _must("text", "how long they have", "5 days"),
        "when": _k("text", "a condition"),
    },
    missing="FD601",
)

# steps

_EVERY_STEP = {
    "id": _k("text", "a name, where something refers to the step"),
    "when": _k("text", "a condition: whether the step happens"),
    "meets": _k("texts", "the clocks that it stops when it succeeds"),
    "on_failure": _k("text", "what happens when it fails: `ask commander` unless said"),
}
_ENDS = "continue, leave, undo …, undo all, stop, or ask …"


@dataclass(frozen=True)
class Verb:
    name: str
    head: Key
    """What stands after the verb itself."""
    shape: Shape


def _verb(name: str, noun: str, head: Key, keys: dict[str, Key], missing: str = "FD102", **hints: str) -> Verb:
    shape = Shape(noun, {name: Key(head.kind, head.says, required=True), **keys, **_EVERY_STEP}, missing, hints=hints)
    return Verb(name, head, shape)


VERBS: dict[str, Verb] = {
    verb.name: verb
    for verb in (
        _verb(
            "notify",
            "a notify step",
            _must("texts", "who is told"),
            {"say": _must("words", "a text, or the name of a message", '"…"')},
            "FD701",
            message="say",
            text="say",
            template="say",
        ),
        _verb(
            "approve",
            "an approve step",
            _must("words", "the question"),
            {
                "needs": _must("list", "whose signatures it takes", "[{team: …}]"),
                "not_by": _k("texts", "who may not sign, besides the launcher"),
                "show": _k("texts", "what the deciders see: expressions"),
                "deadline": _must("text", "how long they have", "1h"),
                "escalate": _k("text", "when the managers of empty seats are told, and may sign"),
                "on_reject": _must("text", f"what a no means: {_ENDS}", "ask commander"),
                "on_timeout": _must("text", f"what silence means: {_ENDS}", "ask commander"),
            },
            "FD301",
            due="deadline",
            assign="who decides stands under `needs`",
        ),
        _verb(
            "contain",
            "a contain step",
            _must("text", "an action of actions.yaml"),
            {
                "targets": _k("text", "what it acts on: an expression"),
                "with": _k("map", "what the action is given"),
                "expires": _k("text", "after how long it lapses"),
                "on_expiry": _k("text", "what happens then: undo, or ask …"),
                "ask_above": _k("text", "the number of targets above which the commander is asked first"),
            },
            "FD401",
            target="targets",
        ),
        _verb(
            "undo",
            "an undo step",
            _must("text", "the id of the step whose containment is released"),
            {"targets": _k("text", "which of its targets; all unless said")},
            "FD401",
        ),
        _verb(
            "task",
            "a task",
            _must("words", "what is to be done"),
            {
                "assign": _must("text", "who does it", "TEAM.on_shift"),
                "due": _k("text", "how long they have"),
                "on_timeout": _k("text", f"what silence means: {_ENDS}"),
                "proof": _k("text", "what must be given when it is done, such as: case number"),
            },
            "FD601",
            deadline="due",
            escalate="a task has `due` and `on_timeout`",
            on_reject="a task has one answer, done; use approve for yes or no",
        ),
        _verb(
            "wait",
            "a wait",
            _must("text", "how long, or a condition"),
            {
                "held_for": _k("text", "how long the condition must hold"),
                "check_every": _k("text", "how often it is looked at; 1m unless said"),
                "at_most": _k("text", "how long it may take"),
                "on_timeout": _k("text", f"what happens when it takes longer: {_ENDS}"),
            },
            "FD501",
            deadline="at_most",
            due="at_most",
            timeout="at_most",
        ),
        _verb(
            "parallel",
            "a parallel",
            _must("words", "its name"),
            {"steps": _must("steps", "what runs at the same time")},
        ),
        _verb("group", "a group", _must("words", "its name"), {"steps": _must("steps", "what runs in order")}),
        _verb(
            "for_each",
            "a for_each",
            _must("text", "NAME in EXPRESSION"),
            {
                "steps": _must("steps", "what is done for each item"),
                "at_once": _k("text", "how many items at the same time; 1 unless said"),
                "ask_above": _k("text", "the number of items above which the commander is asked first"),
            },
        ),
        _verb(
            "run",
            "a run step",
            _must("text", "another playbook of the book"),
            {"with": _k("map", "its inputs")},
            inputs="with",
        ),
    )
}
