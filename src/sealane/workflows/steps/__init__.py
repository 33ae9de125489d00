"""The bodies of the workflows' steps. Each takes and gives plain JSON, and says what its key and its undo are."""
