"""A first book: the least that compiles without findings, with its places to decide marked."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from firedoor.authoring.drafts import Draft
from firedoor.compiler.book import ACTIONS, CLOCKS, ORGANIZATION

_ORGANIZATION: Final = """\
# Who answers, where and when. Everything here is a beginning: decide: put your own names in.
organization: Our Platform
languages: [en]                      # decide: what your users and the public read; the first is the default

regions:
  home: {timezone: Europe/Dublin, manager: region-lead}

teams:
  crt:
    title: Critical Response Team
    manager: crt-lead
    clears: [personal]               # sensitive data that may reach them
    members: [responder-1, responder-2, responder-3]   # members are on always; decide: shifts, as in docs/author.md
  policy: {title: Policy, manager: policy-lead, clears: [personal], members: [policy-1, policy-2]}
  legal: {title: Legal, manager: legal-lead, clears: [personal], members: [legal-1, legal-2]}

people:
  responder-1: {name: First responder, languages: [en], email: responder-1@platform.example}
  responder-2: {name: Second responder, languages: [en], email: responder-2@platform.example}
  responder-3: {name: Third responder, languages: [en], email: responder-3@platform.example}
  crt-lead: {name: Response lead, languages: [en], email: crt-lead@platform.example}
  policy-1: {name: First of Policy, languages: [en], email: policy-1@platform.example}
  policy-2: {name: Second of Policy, languages: [en], email: policy-2@platform.example}
  policy-lead: {name: Policy lead, languages: [en], email: policy-lead@platform.example}
  legal-1: {name: First of Legal, languages: [en], email: legal-1@platform.example}
  legal-2: {name: Second of Legal, languages: [en], email: legal-2@platform.example}
  legal-lead: {name: Legal lead, languages: [en], email: legal-lead@platform.example}
  region-lead: {name: Region lead, languages: [en], email: region-lead@platform.example}

# Who commands when nobody is named, how long they have to answer, and who is asked then.
commander: {from: crt.on_shift, answers_within: 5m, then: [crt.manager, region.manager]}

reach:                               # how people are reached; playbooks never say it
  otherwise: [mail]
  outside: [mail]

channels:                            # each names a connector and its settings; secrets come from the environment
  mail: {connector: smtp, clears: [personal]}
"""
_ACTIONS: Final = """\
# What a playbook may do: which connector does it, how it is undone, and who must have signed first.
actions:
  lock_account:
    does: Stop the account from signing in or posting; its sessions end.
    target: account
    connector: synapse               # decide: your platform's connector, and its calls
    call: lock_user
    undo: unlock_user
  hide_content:
    does: Hide the item from everyone but reviewers.
    target: content
    connector: synapse
    call: quarantine_media
    undo: unquarantine_media
  freeze_posting:
    does: Stop everybody from posting.
    connector: http
    call: POST /v1/freezes
    undo: POST /v1/freezes/lift
    requires: [{team: policy}, {team: legal}]
"""
_CLOCKS: Final = """\
# Time limits, each with its law. fixed: the law sets a number. standard: it does not, and the target is our own.
clocks:
  first-word:
    kind: standard
    target: 4h
    wording: without delay
    law: Our own promise to whoever reports it   # decide: the laws that bind you, with their articles
"""


def first_book(folder: Path) -> list[Draft]:
    """The files of a book that has none."""
    texts = {ORGANIZATION: _ORGANIZATION, ACTIONS: _ACTIONS, CLOCKS: _CLOCKS}
    return [Draft(folder / name, text) for name, text in texts.items()]
