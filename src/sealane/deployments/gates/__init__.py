"""Gates: checks during a rollout that decide whether it goes on. Judging is pure, asking is thin."""
