"""Bodies of a deployment's steps. Each may be done again by a worker that takes over, and says by which key it is the same."""
