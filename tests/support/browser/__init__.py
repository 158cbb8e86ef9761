"""Headless Chromium, the pages it opens, and what they show."""
