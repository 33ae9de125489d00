"""Helm charts: their values laid together, what Helm is asked, what it printed, and what it complained of. Pure."""
