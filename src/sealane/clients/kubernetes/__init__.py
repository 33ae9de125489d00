"""A thin Kubernetes client: sign-in, discovery, list, watch, server-side apply and logs over aiohttp and msgspec."""
