"""Workers are killed at every boundary of every step; whoever comes after them must end the same."""
