"""The table of calls of every action of API 3.0, which official SDKs and our own client run."""
