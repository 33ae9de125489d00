"""What became of a deployment, and why. Pure: knows nothing about clusters' APIs, HTTP, time or the database."""
