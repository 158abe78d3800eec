"""Socket.IO on aiohttp; the only package that imports socketio and engineio."""

from utils.server.lifecycle import create_server, listening, serve

__all__ = ["create_server", "listening", "serve"]
