"""The demo: the whole way once, on real parts, under load.

Push, deploy to dev, approve to production; push a broken change and see it taken back; push the repaired one.
`python -m bench.demo` leaves the server running for a look; `python -m bench.demo --down` ends it.
"""
