"""How a deployment ended, and why. Pure: knows nothing about clusters' APIs, HTTP, time or the database."""
