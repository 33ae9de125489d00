"""A real Kubernetes, registry, container engine and PostgreSQL on this machine, for tests and benches.

`python3 -m testbed up` starts it, `down` ends it and leaves nothing behind. Only the standard library is used,
so that it runs before anything is installed.
"""
