"""How well delivery goes: what each figure counts, and how figures are computed. Pure."""
