"""Flows: the durable workflows, and all that keeps them going after a crash. The only importer of `dbos`.

`delivery` and `deployment` tell the two stories; `doing` holds the bodies of their steps; the rest is machinery:
`durable` steps, `engine` and `queueing`, `taking_over` from dead workers and `fencing` them off.
"""
