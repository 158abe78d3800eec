"""The RPC surface: per area one module with request model, result model and handler together."""
