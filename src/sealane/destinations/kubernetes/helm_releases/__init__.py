"""Releases that Helm installs: `records` reads its history, `next_step` decides, `write` has Helm do it."""
