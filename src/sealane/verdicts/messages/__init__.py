"""Sentences made from facts, in one place. Pure: plain values in, text out."""
