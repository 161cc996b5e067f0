"""The main job, shown on real parts: a homeserver whose accounts are really locked, and `firedoor up` beside it.

What is printed is what happened. Every claim ("cannot post") is tried as the person whom it is about.
"""
