"""Sending: mail by SMTP, and requests to what takes notices."""
