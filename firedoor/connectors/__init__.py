"""Outside systems: one file each, one contract per kind, one registry."""
