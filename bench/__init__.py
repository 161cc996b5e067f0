"""The bench: one job as a compiled playbook and as a hand-written workflow, run in turns on one real server."""
