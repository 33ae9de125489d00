"""The server: HTTP API, webhooks, git over HTTP and web pages over one `composition.Server`."""
