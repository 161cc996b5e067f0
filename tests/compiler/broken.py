"""One thing broken in a sound book that was made by chance: each way knows what must be found, and where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from tests.compiler.generated import Book

_STEP = re.compile(r"^( *)- (notify|approve|contain|undo|task|wait|parallel|group|for_each|run):", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    text: str
    line: int
    column: int
    """Of what must be found, counted from 1."""


@dataclass(frozen=True)
class Way:
    name: str
    code: str
    wrong: str
    """A pattern; its group "wrong", or else its first, is what is broken."""
    instead: str
    """What is written in its place; it may name groups, as \\g<2>."""
    at: str = "here"
    """Where it is found: "here", at the "verb" of the step around it, or what a pattern finds in the changed text."""

    def broken(self, book: Book, dice: Random) -> Broken | None:
        """One place of the book broken; None where there is nothing to break in this way."""
        found = [*re.finditer(self.wrong, book.text, re.MULTILINE)]
        if not found:
            return None
        one = dice.choice(found)
        start, end = one.span("wrong" if "wrong" in one.groupdict() else 1)
        text = book.text[:start] + one.expand(self.instead) + book.text[end:]
        offset = start
        if self.at == "verb":
            offset = _verb(book.text, start)
        elif self.at != "here":
            where = re.search(self.at, text, re.MULTILINE)
            assert where is not None, self.at
            offset = where.start(1)
        return Broken(text, text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _verb(text: str, start: int) -> int:
    line = text[text.rfind("\n", 0, start) + 1 :]
    indent = len(line) - len(line.lstrip(" "))
    return [one for one in _STEP.finditer(text, 0, start) if len(one[1]) < indent][-1].start(2)


_FREEZE = r"contain: freeze_posting\n(?: +(?:expires|on_expiry).*\n)*"
_POLL = r"wait: reports_per_hour < 20\n(?: +(?:held_for|check_every|at_most).*\n)*"
_REPORT = r"task: Report it, or say why not\n(?: +(?:assign|due|meets).*\n)*"

WAYS = (
    # YAML
    Way("an unseen character", "FD003", r"task: Verify() the owner", "\u200b"),
    Way("a key stands twice", "FD006", r"^(( +)deadline: 1h\n)", r"\g<1>\g<2>deadline: 2h\n", r"1h\n +(deadline): 2h"),
    Way("a tag", "FD007", r"owner: ()crt", "!!str "),
    Way("an anchor", "FD008", r"assign: ()legal$", "&who "),
    Way("a key with an accent", "FD010", r"with: \{(reason): ", "réason"),
    Way("a colon in words", "FD012", r"task: Verify the owner()$", ": how", r"Verify the owner(:)"),
    Way("words after the closing quote", "FD014", r'use_when: "Never: it is a test\."()$', " Really", r'" (Really)'),
    Way("a quote that is not closed", "FD014", r'use_when: "Never: it is a test\.(")$', "", r'use_when: (")'),
    Way("a bracket that is not closed", "FD017", r"needs: \[.*(\])$", "", r"needs: (\[)(?!.*\]$)"),
    Way("a comment that is text", "FD019", r"task: Verify the owner()$", " #7", r"Verify the owner (#7)"),
    # shape
    Way("a misspelt key", "FD101", r"^ +(deadline): 1h", "dedline"),
    Way("another verb's key", "FD101", r"^(( +)escalate: 30m\n)", r"\g<1>\g<2>proof: number\n", r"30m\n +(proof): n"),
    Way("a playbook without its owner", "FD102", r"^(owner: crt\n)", "", r"(playbook)"),
    Way("a text in place of a list", "FD103", r"needs: (\[\{team: policy\}\])$", "policy"),
    Way("a mapping in place of a text", "FD103", r"with: \{reason: (\"Case \{\{ kind \}\}\")", "{is: x}"),
    Way("a key without a value", "FD104", r"assign:( legal)$", "", r"^ +(assign):$"),
    Way("two verbs in one step", "FD105", r"^(( +)say: Something.*\n)", r"\g<2>task: Look\n\g<1>", r"(task): Look"),
    Way("a misspelt verb", "FD105", r"^ +- (approve):", "aprove"),
    Way("a length of time", "FD106", r"deadline: (1h)$", "1:00"),
    Way("a default that is no yes or no", "FD107", r"type: yes_no, default: (no)", "never"),
    Way("a number in words", "FD108", r"at_once: (10)$", "ten"),
    Way("a date without its offset", "FD109", r"default: (2026-03-04T02:45:00\+00:00)", "2026-03-04 02:45"),
    Way("a language by its name", "FD110", r"title: \{en: Made, (de):", "german"),
    Way("a severity that is none", "FD111", r"^  (sev2): ", "sev5"),
    Way("a misspelt type", "FD112", r"reporter: \{type: (email)", "emial"),
    Way("a name with a hyphen", "FD113", r"^  (first_reporter): ", "first-reporter"),
    Way("bounds that are swapped", "FD114", r"at_most: (50)\b", "0", r"(at_most): 0\b"),
    Way("a list without an item", "FD116", r"needs: (\[\{team: policy\}\])$", "[]"),
    Way("a no that means nothing", "FD117", r"on_reject: (\S.*)$", "refuse"),
    Way("an expiry that goes on", "FD117", r"on_expiry: (ask policy)$", "continue"),
    # names and types
    Way("a misspelt playbook", "FD201", r"run: (statement)$", "statment"),
    Way("a misspelt input", "FD202", r"^  sev1: .*(live)", "alive"),
    Way("a misspelt team", "FD203", r"needs: \[\{team: (policy)", "polcy"),
    Way("a part that a team does not have", "FD203", r"assign: (crt\.on_shift)$", "crt.on_duty"),
    Way("a misspelt action", "FD204", r"contain: (lock_account)$", "lock_acount"),
    Way("a misspelt read", "FD205", r"(copies_of)\(links\)", "copy_of"),
    Way("a misspelt clock", "FD206", r"meets: (breach)$", "breech"),
    Way("a misspelt message", "FD207", r"say: (item-removed)$", "item-gone"),
    Way("a misspelt step to undo", "FD208", r"- undo: (held_\d+)$", "nothing"),
    Way("a misspelt step to look at", "FD208", r"when: (freeze_ok_\d+) is approved$", "frozen"),
    Way("an id that stands twice", "FD209", r"id: (\w+)$[\s\S]*?id: (?P<wrong>\w+)$", r"\g<1>"),
    Way("a single equals sign", "FD210", r"kind (!=) fraud", "="),
    Way("a filter that is none", "FD211", r"accounts \| (count) \}\}", "length"),
    Way("a number that is quoted", "FD212", r"\w+ \| count > (2)\b", '"2"', r'(\w+ \| count > "2")'),
    Way("a condition that is a list", "FD213", r"^  sev1: (\S.*)$", "accounts"),
    Way("a severity of a step", "FD214", r"^  sev2: (\S.*)$(?=[\s\S]*id: freeze_ok_1$)", "freeze_ok_1 is approved"),
    Way("an outcome that cannot be", "FD215", r"when: freeze_ok_\d+ is (approved)$", "done"),
    Way("a choice that is none", "FD216", r"^  sev2: kind is (threat)$", "treat"),
    Way("targets of another type", "FD217", r"targets: (accounts)$", "links"),
    Way("an input that a run lacks", "FD221", r"with: \{(line: .*, )urgent", "", "verb"),
    Way("an input that a run does not have", "FD221", r"with: \{line: .*, (urgent):", "urgency"),
    Way("a hole that is not closed", "FD222", r"\"Case \{\{ kind( \}\})\"", "", r"\"Case (\{\{) kind\""),
    Way(
        "a clock that is started twice",
        "FD224",
        r"- \{clock: prompt, starts: run.aware_at\}\n()",
        "  - {clock: prompt, starts: run.launched_at}\n",
        r"clock: (prompt), starts: run.launched_at",
    ),
    Way(
        "a condition that cannot hold",
        "FD225",
        r"when: (freeze_ok_\d+ is approved)$",
        r"severity is sev1 and severity is sev2 and \g<1>",
    ),
    # approvals and containment
    Way("an approval without a deadline", "FD301", r"^( +deadline: 1h\n)", "", "verb"),
    Way("an escalation that is too late", "FD303", r"escalate: (30m)$", "2h"),
    Way(
        "a seat for the launcher", "FD304", r"needs: \[\{(team: policy)\}\]$", "role: launcher", r"role: (launcher)\}\]"
    ),
    Way("an act that lost its condition", "FD305", _FREEZE + r"( +when: freeze_ok_\d+ is approved\n)", "", "verb"),
    Way("an act without targets", "FD401", r"^( +targets: .*\n)", "", "verb"),
    Way("a hold whose end means nothing", "FD401", r"^( +on_expiry: ask commander\n)", "", "verb"),
    Way("a bare undo of an approval", "FD403", r"on_reject: (continue)$", "undo"),
    Way(
        "targets of what takes none",
        "FD404",
        r"^(( +)- contain: freeze_posting\n)",
        r"\g<1>\g<2>  targets: accounts\n",
        r"freeze_posting\n +(targets)",
    ),
    # clocks, people, messages
    Way("a wait whose end means nothing", "FD501", _POLL + r"( +on_timeout: .*\n)", "", "verb"),
    Way(
        "a wait without an end", "FD502", r"wait: reports_per_hour.*\n( +at_most: 24h\n +on_timeout: .*\n)", "", "verb"
    ),
    Way("a clock that is met too late", "FD503", r"due: (8h)$", "80h", r"meets: (breach)"),
    Way("a clock that nothing meets", "FD505", r"^( +meets: breach\n)", "", r"clock: (breach)"),
    Way("a task for nobody", "FD601", r"^( +assign: .*\n)", "", "verb"),
    Way("a task whose silence means nothing", "FD601", _REPORT + r"( +on_timeout: .*\n)", "", "verb"),
    Way("a notice without words", "FD701", r"^( +say: Something has happened\n)", "", "verb"),
    Way(
        "a language that is missing",
        "FD707",
        r"\[users, police, hotline\]\n(?: +when.*\n)? +say: (holding)$",
        "{en: Look}",
    ),
    Way(
        "something sensitive to whom it is not cleared for",
        "FD708",
        r"notify: (crt\.on_shift)\n(?: +when.*\n)? +say: \"\{\{ first_reporter",
        "comms",
        r"notify: comms\n(?: +when.*\n)? +say: (\"\{\{ first_reporter)",
    ),
)
