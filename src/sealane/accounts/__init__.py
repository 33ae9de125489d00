"""Accounts: signing in, who belongs to which app, and registering apps."""
