"""Runs that kill parts of a platform at seeded moments and count what was lost."""
