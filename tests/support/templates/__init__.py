"""Custom templates: sources, what is asked of them, and how results are judged."""
