"""A beginning for a repository that has no Sealane files yet: look at what is there, write what fits."""
