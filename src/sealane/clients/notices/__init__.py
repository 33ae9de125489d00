"""Notices on their way: mail by SMTP, and requests to what takes notices."""
