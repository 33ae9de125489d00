"""What is measured: of deployments and runs by what happened, of the platform by what its tables hold; and who is told it."""
