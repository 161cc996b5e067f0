"""Starts books and playbooks: from another, or from answers. What it writes compiles, and is never written over."""
