"""Metric stores that receive what happened: one adapter each, behind one port."""
