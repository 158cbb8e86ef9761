"""``openvod doctor``: looks at the machine, the installation and the way to it, and says what to do."""
