"""What we say happened: written in the transaction of the change itself, and read by whoever subscribes to it."""
