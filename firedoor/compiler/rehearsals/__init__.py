"""Rehearsals as authors write them: `rehearsals/*.yaml` of a book, checked against its playbook, people and actions."""

from firedoor.compiler.rehearsals.script import Case, Rehearsal

__all__ = ["Case", "Rehearsal"]
