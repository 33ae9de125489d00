"""Access: who a person is, their groups, and what these may do."""
