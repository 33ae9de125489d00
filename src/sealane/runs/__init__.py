"""The one story of a run, by a command and on a server: its services, steps and images as a graph, and its end.

`story` tells it, over a journal and over a `port.Memory`; `steps` holds the bodies of what it does; `local_run` and
`local_memory` are what a run on this machine has, `sealane.workflows.steps.run_memory` what it has on a server.
"""
