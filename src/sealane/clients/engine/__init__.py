"""Container engines that speak the Docker Engine API: Docker's and Podman's."""
