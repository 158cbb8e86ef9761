"""FFmpeg: probing (PyAV) and encoding (the static binary of a wheel), always in short child processes with limits."""
