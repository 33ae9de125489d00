"""Sending of notices: mail by SMTP, and requests to services."""
