"""What commands do with a folder on this machine, without a server."""
