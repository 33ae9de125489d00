"""Images: references, tags, labels, Dockerfiles and ignore files. Pure."""
