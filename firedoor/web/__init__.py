"""The front door: it knows who speaks, says what can be done, signs what was said, and hands it to the run.

`door` and what it is made of know nothing of HTTP; `app` knows nothing else.
"""
