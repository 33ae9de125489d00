"""What happened: what starts a run, and where it came from. Pure."""
