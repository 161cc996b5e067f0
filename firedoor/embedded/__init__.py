"""Outside programs that Firedoor starts beside itself, on loopback: the Temporal server and, to contain on, a homeserver.

Nothing here is needed when their addresses are given: `TEMPORAL_ADDRESS` and a platform of one's own take their place.
"""
