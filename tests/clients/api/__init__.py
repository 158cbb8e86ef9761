"""The official API SDKs against a running server, action by action."""
