"""A kit for RPC services over Socket.IO; it knows nothing of what a service does."""
