"""Films that tell their frames, and what is made of films."""
