"""What is measured: deployments and runs from events, the platform from its tables."""
