"""Access: who it is, which groups they are in, and what these may."""
