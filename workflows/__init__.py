"""Deterministic: these perform what the core of a run (firedoor.run) decides. They do no I/O and read no clock."""
