"""Server API 3.0 (``procedures-and-api.md`` 1, 2, 5, 6)."""

from openvod.surfaces.api.surface import API_VERSION, ApiSurface

__all__ = ["API_VERSION", "ApiSurface"]
