"""``openvod doctor``: checks the machine, the installation and the network, and gives advice."""
