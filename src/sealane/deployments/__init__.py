"""The phases of a deployment: apply, watch, failure report, rollback, prune. Each can be called alone and again."""
