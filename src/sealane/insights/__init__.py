"""How well delivery goes: what each figure counts, and what the counted comes to. Pure."""
