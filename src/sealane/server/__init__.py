"""The server: HTTP API, webhooks, git over HTTP and web pages over one `wiring.Server`."""
