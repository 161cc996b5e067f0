"""A JSON Schema of each kind of file of a book, for editors: completion, descriptions, and mistakes as one types.

It is made from the shapes that the compiler checks with. Whatever the compiler accepts, the schema accepts, as an
editor's YAML reads it: `no` may be false there, and `1.10` a number. One thing is refused that the compiler takes, as
the two look alike to an editor: the bare words `null` and `~`, which are texts to us and nothing to YAML. What takes
more than a form to decide is left to the compiler: names of the same file, expressions, types, proofs. docs/editors.md
lists it.

Draft 7, which editors know best, with three words of theirs that others pass over: `errorMessage`, `defaultSnippets`
and `enumDescriptions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from firedoor.compiler import meanings, schema
from firedoor.compiler.index import Index, Names
from firedoor.compiler.meanings import Refers, Value
from firedoor.compiler.rehearsals import schema as rehearsals
from firedoor.compiler.shape import NOUNS, Key, Named, Once, OneOf, Rule, Shape, Together, Where
from firedoor.compiler.suggest import MOST_LISTED
from firedoor.compiler.values import SEVERITIES

Json = dict[str, Any]

KINDS: dict[str, Shape] = {
    "playbook": schema.PLAYBOOK,
    "organization": schema.ORGANIZATION,
    "actions": schema.ACTIONS,
    "clocks": schema.CLOCKS,
    "rehearsal": rehearsals.REHEARSAL,
}
"""Kinds of files, each with its shape."""

_BLANK = {"type": ["string", "number", "boolean"], "pattern": r"\S"}
_FALSE = ("no", "false", "off", "n")
_TRUE = ("yes", "true", "on", "y")


def of(kind: str, index: Index | None = None) -> Json:
    """The schema of files of this kind. With an index, names are those of the book. Raises KeyError."""
    making = _Making(index or Index())
    root = making.shape(KINDS[kind])
    if kind == "playbook":
        making.steps()
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        **root,
        "definitions": dict(sorted(making.definitions.items())),
    }


def readings(word: str) -> list[Any]:
    """The word, and what YAML may read in its place where it is not quoted."""
    found: list[Any] = [word]
    if word.lower() in _TRUE + _FALSE:
        found.append(word.lower() in _TRUE)
    if word[:1].isdigit():
        for base in (10, 8, 0):
            found += _number(word, base)
    return found


def _number(word: str, base: int) -> list[float]:
    try:
        return [int(word, base)]
    except ValueError:
        return []


class _Making:
    def __init__(self, index: Index) -> None:
        self.index = index
        self.definitions: Json = {}

    # --- mappings

    def shape(self, shape: Shape) -> Json:
        made: Json = {
            "title": shape.noun,
            "type": "object",
            "properties": {name: self.key(key) for name, key in shape.keys.items()},
            "required": [name for name, key in shape.keys.items() if key.required],
            "additionalProperties": False,
        }
        match shape.open:
            case Named() as others:
                known = {"enum": list(shape.keys)}
                made["propertyNames"] = {"anyOf": [known, self._name(others.name)]}
                made["additionalProperties"] = self._nested(others)
                made["minProperties"] = len(made["required"]) + 1
            case True:
                made["additionalProperties"] = self.value(meanings.TEXT)
                made["patternProperties"] = {"_from$": self.value(meanings.VARIABLE)}
        rules = [self._rule(rule) for rule in shape.rules]
        return made | ({"allOf": rules} if rules else {})

    def steps(self) -> None:
        """The definition of a step: exactly one verb, and with it that verb's options."""
        verbs = schema.VERBS
        for name, verb in verbs.items():
            made = self.shape(verb.shape)
            made["properties"][name]["description"] = _verb_says(verb)
            self.definitions[_slug(f"{name} step")] = made
            self.definitions[_slug(f"only {name}")] = {
                "required": [name],
                "properties": {other: False for other in verbs if other != name},
                "errorMessage": f"a step has exactly one verb: {', '.join(verbs)}",
            }
        begun = {
            "properties": {name: {"description": _verb_says(verb)} for name, verb in verbs.items()}
            | {name: self.key(key) for name, key in schema.EVERY_STEP.items()},
            "defaultSnippets": [_whole_step(verb) for verb in verbs.values()],
        }
        self.definitions["step"] = {
            "title": "a step",
            "type": "object",
            "anyOf": [_ref(f"only {name}") for name in verbs],
            "if": _some(verbs),
            "then": {"allOf": [{"if": _alone(name), "then": _ref(f"{name} step")} for name in verbs]},
            "else": begun,
        }

    # --- keys

    def key(self, key: Key) -> Json:
        return {"description": _key_says(key), **self._holds(key)}

    def _holds(self, key: Key) -> Json:
        noun = {"errorMessage": f"this must be {NOUNS.get(key.kind)}"}
        match key.kind, key.of:
            case "steps", _:
                return {"type": "array", "items": _ref("step"), "minItems": 1, **noun}
            case "map", Shape() as inner:
                return self.shape(inner) | {"minProperties": 1}
            case "map", Named() as inner:
                return self._named(inner) | noun
            case "list", (Shape() | Value()) as item:
                return {"type": "array", "items": self._item(item), "minItems": 1, **noun}
            case "texts", Value() as item:
                return self._one_or_more(self.value(item))
            case "words", Value() as item:
                return self._by_language(self.value(item))
            case "any", _:
                made = {**_BLANK, "type": [*_BLANK["type"], "array", "object"], "minProperties": 1}
                return made if key.empty else made | {"minItems": 1}
            case "text", Value() as value:
                return self.value(value)
        raise AssertionError(key)

    def _item(self, item: Shape | Value) -> Json:
        return self.shape(item) if isinstance(item, Shape) else self.value(item)

    def _named(self, named: Named) -> Json:
        return {
            "type": "object",
            "propertyNames": self._name(named.name),
            "additionalProperties": self._nested(named),
            "minProperties": 1,
        }

    def _name(self, name: Value) -> Json:
        """What a key may be called. Keys are text to every editor."""
        if name.refers is not None:
            return self.value(name)
        return {"pattern": _whole(name.form) if name.form else r"\S", "errorMessage": f"this must be {name.says}"}

    def _nested(self, named: Named) -> Json:
        each = self._item(named.each)
        if not named.inside:
            return each
        name = f"{' or '.join(('one', *named.inside))} of {each.get('errorMessage', 'them')}"
        this = _ref(name)
        made = {**each, "type": [*each["type"], "array"], "items": this}
        if "map" in named.inside:
            made |= {"type": [*made["type"], "object"], "additionalProperties": this}
        self.definitions[_slug(name)] = made
        return this

    def _one_or_more(self, one: Json) -> Json:
        return {"anyOf": [one, {"type": "array", "items": one, "minItems": 1}]}

    def _by_language(self, one: Json) -> Json:
        by_language = {
            "type": [*one["type"], "object"],
            "propertyNames": {"pattern": _whole(meanings.LANGUAGE.form or "")},
            "additionalProperties": self.value(meanings.WORDS),
            "minProperties": 1,
            "errorMessage": f"this must be {NOUNS['words']}",
        }
        return {**one, **by_language}

    # --- texts

    def value(self, value: Value) -> Json:
        names = self._offered(value.refers)
        if names is not None and value.refers not in ("audience", "words", "then", "expiry"):
            long = (
                {"errorMessage": f"this must be {value.says}, as the book names it"} if len(names) > MOST_LISTED else {}
            )
            return self._defined(value, _among(names) | long)
        if value.words and value.form is None:
            return self._defined(value, _among(value.words) | {"errorMessage": f"this must be {value.says}"})
        made: Json = {
            "type": ["string", *value.reads],
            "pattern": _whole(self._form(value, names)) if value.form else r"\S",
            "errorMessage": f"this must be {value.says}",
        }
        if value.least is not None:
            made["minimum"] = value.least
        if value.examples:
            made["examples"] = list(value.examples)
        if value.refers == "words" and names:
            made |= {"if": {"type": "string", "pattern": _whole(r"\s*[a-z0-9]+(?:-[a-z0-9]+)+\s*")}}
            made["then"] = {"enum": sorted(names), "errorMessage": "the book has no message of this name"}
        snippets = [_snippet(word, says) for word, says in self._suggested(value, names).items()]
        return self._defined(value, made | ({"defaultSnippets": snippets} if snippets else {}))

    def _form(self, value: Value, names: Names | None) -> str:
        if value.refers not in ("then", "expiry") or names is None:
            return value.form or ""
        who = "|".join(name.replace(".", r"\.") for name in names)
        return meanings.then(who) if value.refers == "then" else meanings.then(who, undo="undo")

    def _suggested(self, value: Value, names: Names | None) -> Names:
        match value.refers:
            case "then" | "expiry":
                return {**value.words, **{f"ask {name}": says for name, says in (names or {}).items()}}
            case _:
                return {**value.words, **(names or {})}

    def _defined(self, value: Value, made: Json) -> Json:
        """Names of a book stand in the schema once."""
        long = len(value.words) > MOST_LISTED and value.form is None
        if value.refers in (None, "words") and not long:
            return made
        name = value.refers or value.says
        self.definitions[_slug(name)] = made
        return _ref(name)

    def _offered(self, refers: Refers | None) -> Names | None:
        """The names that may stand there; None where they are not known."""
        index = self.index
        match refers:
            case "team":
                return index.teams
            case "person":
                return index.people
            case "region":
                return index.regions
            case "channel":
                return index.channels
            case "action":
                return index.actions
            case "clock":
                return index.clocks
            case "playbook":
                return index.playbooks
            case "words":
                return index.messages
            case "who" | "then" | "expiry":
                return self._someone()
            case "seat":
                return self._someone(seat=True)
            case "silent" | "audience":
                inside = self._someone()
                more = (
                    meanings.SILENT.words if refers == "silent" else {"users": meanings.USERS, **(index.contacts or {})}
                )
                return {**inside, **more} if inside else None
        return None

    def _someone(self, *, seat: bool = False) -> Names | None:
        teams, people = self.index.teams, self.index.people
        if teams is None or people is None:
            return None
        roles = meanings.SEAT_ROLE.words if seat else meanings.WHO.words
        found = {**roles, **({} if seat else teams)}
        for name, title in teams.items():
            found[f"{name}.on_shift"] = f"who is on shift in {title or name}"
            found[f"{name}.manager"] = f"the manager of {title or name}"
        return {**found, **people}

    # --- rules

    def _rule(self, rule: Rule) -> Json:
        match rule:
            case Together(one, other):
                return {"dependencies": {one: [other], other: [one]}}
            case OneOf(keys, several):
                return {"anyOf": [self._one_of(key, keys, several=several) for key in keys]}
            case Once(word):
                says = f"exactly one of them says {word}"
                this = {"type": "string", "pattern": _whole(meanings.blanks(word)), "errorMessage": says}
                only = [{"required": [name], "properties": {name: this}, "errorMessage": says} for name in SEVERITIES]
                return {"oneOf": only}
            case Where():
                return self._where(rule)

    def _one_of(self, key: str, keys: tuple[str, ...], *, several: bool) -> Json:
        others = {} if several else {"properties": {other: False for other in keys if other != key}}
        says = f"this needs {'at least' if several else 'exactly'} one of {' and '.join(keys)}"
        return {"required": [key], **others, "errorMessage": says}

    def _where(self, rule: Where) -> Json:
        if rule.form is not None:
            condition: Json = {"type": "string", "pattern": _whole(rule.form)}
        else:
            condition = {"enum": _distinct(reading for word in rule.words for reading in readings(word))}
        said = {"required": [rule.key], "properties": {rule.key: condition}}
        held = dict.fromkeys(rule.lacks, False) | {name: self._holds(key) for name, key in rule.holds.items()}
        then = ({"required": list(rule.needs)} if rule.needs else {}) | ({"properties": held} if held else {})
        return {"if": said if rule.words or rule.form else {"not": {"required": [rule.key]}}, "then": then}


def _ref(name: str) -> Json:
    return {"$ref": f"#/definitions/{_slug(name)}"}


def _slug(name: str) -> str:
    return re.sub("[^a-z_]+", "-", name.lower())


def _whole(form: str) -> str:
    return f"^(?:{form})$"


def _among(names: Names | Any) -> Json:
    words = [(reading, says) for word, says in names.items() for reading in readings(word)]
    made: Json = {"enum": [word for word, _ in words]}
    return made | ({"enumDescriptions": [says for _, says in words]} if any(says for _, says in words) else {})


def _distinct(words: Iterable[Any]) -> list[Any]:
    found: list[Any] = []
    for word in words:
        if not any(word is one or (word == one and type(word) is type(one)) for one in found):
            found.append(word)
    return found


def _snippet(word: str, says: str) -> Json:
    return {"label": word, "body": word} | ({"description": says} if says else {})


# --- words


def _verb_says(verb: schema.Verb) -> str:
    return f"{meanings.sentence(verb.says)}\n\nAfter `{verb.name}`: {_key_says(verb.head)}"


def _some(names: Iterable[str]) -> Json:
    """That one of these keys is there. Said so, as an editor that completes takes what is `required` as given."""
    return {"not": {"properties": dict.fromkeys(names, False)}}


def _alone(verb: str) -> Json:
    """That this verb is there, and no other."""
    return {"allOf": [_ref(f"only {verb}"), _some([verb])]}


def _whole_step(verb: schema.Verb) -> Json:
    """A step with all that it must have, to be filled in."""
    must = {name: key.example for name, key in verb.shape.keys.items() if key.required}
    body: Json = {name: f"${{{number}:{_escaped(example)}}}" for number, (name, example) in enumerate(must.items(), 1)}
    if "steps" in body:
        body["steps"] = [""]
    return {"label": f"{verb.name}: …", "description": meanings.sentence(verb.says), "body": body}


def _escaped(text: str) -> str:
    return text.replace("}", r"\}").replace("$", r"\$")


def _key_says(key: Key) -> str:
    """What the key is for, and what it holds where that says more."""
    return "\n\n".join(_paragraphs(key))


def _paragraphs(key: Key) -> Iterator[str]:
    yield meanings.sentence(key.says)
    value = key.of
    if isinstance(value, Value) and value is not meanings.TEXT and value.says.lower() not in key.says.lower():
        yield meanings.sentence(value.says)
