"""Metric stores that are told what happened: one adapter each, behind one port."""
