"""How runs and deployments are shown: drawn live, in lines, or as JSON."""
