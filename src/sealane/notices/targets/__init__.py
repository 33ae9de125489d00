"""Where notices go: one module a kind of target, each behind the port `notices.port`."""
