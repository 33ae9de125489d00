"""The store: all SQL of Sealane, on SQLite or PostgreSQL. What leaves it are frozen values, never rows."""
