"""Crisis playbooks in YAML, compiled to plans, run as durable Temporal workflows."""
