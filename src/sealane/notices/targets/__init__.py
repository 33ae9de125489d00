"""Where notices go: one module per kind of target, each behind the port `notices.port`."""
