"""The durable workflows, and what continues them after a crash. The only importer of `dbos`.

`run` and `deployment` tell the two stories; `steps` holds the bodies of their steps; the rest is machinery:
`durable` steps, `engine` and `queues`, and `failover` from dead workers, which fences them off.
"""
