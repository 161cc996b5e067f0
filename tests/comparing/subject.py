"""The book whose versions are compared: that of the compiler's tests, with one playbook that has a bit of everything."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from firedoor.comparing import compare_books
from firedoor.compiler.book import Book, compile_book, read_files
from firedoor.compiler.diagnostics import Findings

BOOK = Path(__file__).parents[1] / "compiler" / "book"
FILE = "subject.yaml"
SUBJECT = """\
playbook: subject
version: "1"
owner: crt
title: A takeover
use_when: An account is taken over.

inputs:
  accounts: {type: list of account, at_least: 1, at_most: 50}
  items: {type: list of content, optional: yes}
  official: {type: yes_no, ask: Is it official?}
  kind: {type: choice, choices: [spam, scam], default: spam}
  order_at: {type: date_time, optional: yes}
  note: {type: text, optional: yes, sensitive: personal}

severity:
  sev1: official
  sev2: kind is scam
  sev3: otherwise

clocks:
  - clock: order
    when: order_at is given
    starts: order_at
    not_due: ok is rejected

updates:
  every: {sev1: 30m, sev2: 2h}
  to: [comms, legal]
  say: "Still at it: {{ severity }}"

steps:
  - contain: lock_account
    id: lock
    targets: accounts
    expires: 14 days
    on_expiry: ask policy
    ask_above: 20
  - approve: Freeze all posting
    id: ok
    needs: [{team: policy}, {team: legal, when: official}]
    not_by: [zoe]
    show: [accounts]
    deadline: 15m
    escalate: 10m
    on_reject: leave
    on_timeout: ask commander
  - contain: freeze_posting
    id: freeze
    when: ok is approved
    with: {class: verified}
  - notify: crt.on_shift
    say: {en: "Locked: {{ accounts | count }}", de: "Gesperrt: {{ accounts | count }}"}
    on_failure: continue
  - parallel: Meanwhile
    steps:
      - task: Call the owner
        id: call
        assign: crt.on_shift
        due: 4h
        on_timeout: ask commander
        proof: case number
        meets: order
      - group: Look for copies
        steps:
          - wait: reports_per_hour < 20
            held_for: 1h
            check_every: 10m
            at_most: 2 days
            on_timeout: stop
          - wait: 30m
          - contain: hide_item
            id: hide
            targets: copies_of(items)
  - for_each: account in lock.held
    at_once: 5
    steps:
      - task: Look at {{ account }}
        assign: policy.on_shift
      - wait: 1m
  - notify: users
    say: removed
    on_failure: continue
  - {approve: Let it go, id: calm, needs: [{role: policy.manager}], deadline: 3h, on_reject: stop, on_timeout: "stop"}
  - group: Let go
    steps:
      - undo: lock
        targets: accounts

review:
  owner: commander
  meeting_within: {sev1: 3 days}
  tasks:
    - {task: How did they get in, assign: crt, due: 5 days}
    - {task: Change this playbook, assign: crt, due: 10 business days, when: official}
"""
CLOCKS = """\
clocks:
  order: {kind: fixed, limit: 6h, law: "Some Act, Article 1", may_pause: [a flood]}
  house: {kind: standard, target: 2h, wording: promptly, law: Our own promise}
"""


def files(edits: dict[str, list[tuple[str, str]]] | None = None) -> dict[str, bytes]:
    """The book's files, each with its edits: (what stood there once, what stands there now)."""
    found = {name: data.decode() for name, data in read_files(BOOK, Findings()).items()}
    found |= {FILE: SUBJECT, "clocks.yaml": CLOCKS}
    for name, changes in (edits or {}).items():
        text = found.get(name, "")
        for old, new in changes:
            assert not old or text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {name}"
            text = text.replace(old, new) if old else new
        found[name] = text
    return {name: text.encode() for name, text in found.items()}


def book(edits: dict[str, list[tuple[str, str]]] | None = None) -> Book:
    return compile_book(BOOK, files(edits)) if edits else _unedited()


@cache
def _unedited() -> Book:
    return compile_book(BOOK, files())


def sentences(old: Book, new: Book, language: str = "en") -> list[str]:
    """What is told, each with what it is about and its phrase: "time deadline: Policy now has …"."""
    parts = compare_books(old, new, language).parts
    return [f"{part.change.matter} {part.change.kind}: {part.change.says}" for part in parts]
