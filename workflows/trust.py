"""The public keys that this process believes, set once by the worker. Without them nothing is let in.

Signatures are verified in validators only, which do not run on replay: so this is no input of the workflow's history.
"""

from __future__ import annotations

from temporalio.exceptions import ApplicationError

from firedoor.people.signatures import KeyRing

_ring = KeyRing()


def believe(ring: KeyRing) -> None:
    global _ring
    _ring = ring


def ring() -> KeyRing:
    if not len(_ring):
        raise ApplicationError("This worker knows no key to verify with; it lets nothing in.", type="NoKeys")
    return _ring
