"""First files for a repository without Sealane files: detects what is there, and writes what fits."""
