"""Policies: tests of rendered manifests that deny, ask for a sign-off, or warn."""
