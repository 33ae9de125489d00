"""The relay: it runs in a cluster that the server can't reach, dials out, and carries the server's calls to it.

`hub` is the server's end, `relayed` the calls that go through it; `forwarder` and `dialer` are the relay's end; `frames`
is what they say to each other over one WebSocket.
"""
