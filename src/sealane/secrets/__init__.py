"""Secrets: references that are resolved last, values that stay hidden, masking."""
