"""The durable engine: DBOS runs flows step by step, and goes on with them after a crash.

Nothing of DBOS is seen outside this room; only its public calls are used.
"""
