"""Signing: every signature that OpenVOD mints or checks, as pure functions.

Promises: constant-time comparison over the bytes as received, parsing only after. Refuses to know: where keys are kept,
what time it is, any transport. Start reading at :mod:`openvod.signing.upload`; each module is one scheme:
``upload`` (client uploads), ``cos`` (storage requests), ``storage_token`` (temporary credentials), ``tc3`` (API 3.0),
``event`` (event bodies), ``verify_content`` (Commit answers).
"""
