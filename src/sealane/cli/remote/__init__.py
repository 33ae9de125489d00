"""What commands do with a server."""
