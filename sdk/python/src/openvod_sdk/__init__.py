"""OpenVOD SDK for Python."""
