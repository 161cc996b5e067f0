"""Firedoor: crisis playbooks in YAML, compiled to durable workflows."""
