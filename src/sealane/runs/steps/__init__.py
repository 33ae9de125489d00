"""Bodies of a run's steps: each may be done again after a crash, and finds what was made before."""
