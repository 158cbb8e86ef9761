"""Benchmarks: each module runs a real server and prints its figures; ``make bench`` runs them."""
