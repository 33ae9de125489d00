"""Where steps run: a port, its adapters (a container engine, a dummy), and the loop that runs a whole pipeline."""
