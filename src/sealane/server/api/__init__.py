"""The HTTP API, a file a subject; its OpenAPI document is the contract of the command line and other clients."""
