"""Secret stores: one module each, behind the port `secrets.port`."""
