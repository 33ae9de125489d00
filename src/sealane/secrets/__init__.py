"""Secrets: references resolved last, values that don't show themselves, masking."""
