"""Adapters: one package per technology, each implements a port of a lower room."""
