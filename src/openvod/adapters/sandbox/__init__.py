"""The sandbox of child processes that read untrusted media.

``limits`` bounds resources, ``landlock`` files and signals, ``system_calls`` the kernel's interface, ``network`` the
network. ``policy`` says what one child may do, ``confinement`` enters it in the child, ``children`` is the parent's
side, ``trial`` finds out which walls this kernel can build. See decision record 70.
"""
