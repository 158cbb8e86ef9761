"""The durable workflow engine: DBOS runs flows step by step and resumes them after a crash.

No other room imports DBOS; only its public API is used.
"""
