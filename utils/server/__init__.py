"""Socket.IO on aiohttp; the only package that imports socketio and engineio."""

from utils.server.lifecycle import WATCHDOG, create_server, listening, serve

__all__ = ["WATCHDOG", "create_server", "listening", "serve"]
