"""Access: who may act, for which application, and where.

Promises: applications (``SubAppId``), key pairs, storage regions and categories, with their rules.
Refuses to know: signatures' encodings (:mod:`openvod.signing`), databases, HTTP.
Start reading at :mod:`openvod.access.model`, then :mod:`openvod.access.service`.
"""

from openvod.access.model import Application, Category, KeyPair, StorageRegion
from openvod.access.service import AccessService, IssuedKey

__all__ = ["AccessService", "Application", "Category", "IssuedKey", "KeyPair", "StorageRegion"]
