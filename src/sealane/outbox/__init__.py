"""Domain events: written in the transaction of the change itself, and read by subscribers."""
