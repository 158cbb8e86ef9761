"""The console's API at ``/api/``: every server API action for people who are signed in, and what actions do not give.

No call that the console makes is private: the same routes serve users' own tools, by access tokens, and
``/api/openapi.json`` describes them all.
"""
