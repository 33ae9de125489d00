"""Events: what starts a run, and its origin. Pure."""
