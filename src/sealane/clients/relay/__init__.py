"""The relay: it runs in a cluster that the server can't reach, connects to the server, and carries its calls.

`hub` is the server's end, `relayed` makes calls through it; `forwarder` and `dialer` are the relay's end; `frames` are
their messages over one WebSocket.
"""
