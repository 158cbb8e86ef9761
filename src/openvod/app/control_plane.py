"""The UGC control plane, wired: upload sessions and the other calls of its clients."""

from __future__ import annotations

from collections.abc import Mapping

from openvod.app.services import Services
from openvod.app.settings import ClientSettings
from openvod.server.unproven import UnprovenBodies
from openvod.surfaces.front import Surface
from openvod.surfaces.ugc.compat import SCRIPT_PATH, serve_script
from openvod.surfaces.ugc.surface import PATH, REPORT_PATHS, UgcSurface, accept_report
from openvod.upload.codec import ClientHosts
from openvod.upload.service import UploadService


def control_plane(services: Services, uploads: UploadService, bodies: UnprovenBodies) -> Mapping[str, Surface]:
    """Return the surfaces of the control plane by path."""
    base = services.base
    surface = UgcSurface(
        uploads,
        base.clock,
        lambda request_host: _client_hosts(base.settings.clients, request_host),
        base.keys.verify_content.hex(),
        bodies,
    )
    return {PATH: surface, **dict.fromkeys(REPORT_PATHS, accept_report), SCRIPT_PATH: serve_script}


def _client_hosts(clients: ClientSettings, request_host: str) -> ClientHosts:
    return ClientHosts(
        control_plane=clients.control_plane_host or request_host,
        storage_upload_domain=clients.storage_upload_domain,
        mini_program_accelerate_host=clients.mini_program_accelerate_host,
        cos_acc_domain=clients.cos_acc_domain,
    )
