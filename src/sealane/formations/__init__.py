"""Formations: `deploy/formations/NAME.yaml`, read and checked. Pure."""
