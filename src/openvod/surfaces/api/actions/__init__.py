"""The actions, a module for each section of ``procedures-and-api.md`` 6."""
