"""Bodies of a run's steps: each may be repeated after a crash, and finds what was made before."""
