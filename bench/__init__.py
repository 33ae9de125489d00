"""Measuring: our speeds beside a peer's, and the demo."""
