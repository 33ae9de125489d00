"""Strategies: which stages a revision goes through, and which objects each stage writes. Only the survey asks the cluster."""
