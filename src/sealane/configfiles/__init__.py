"""Files that people write: YAML with places, fields and their limits, findings, schemas. Pure."""
