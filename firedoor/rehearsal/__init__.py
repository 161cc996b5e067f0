"""Rehearsals: the real engine, with doubles for connectors and people, and time that is skipped."""
