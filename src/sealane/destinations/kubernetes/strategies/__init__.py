"""Strategies: which stages a revision goes through, and which objects each of them writes. Only surveying asks anybody."""
