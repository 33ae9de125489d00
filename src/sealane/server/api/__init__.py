"""The HTTP API, one file per subject; its OpenAPI document is the contract with the command line and other clients."""
