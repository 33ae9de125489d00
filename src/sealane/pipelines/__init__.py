"""From a pipeline file to findings, a plan and the next steps. Pure."""
