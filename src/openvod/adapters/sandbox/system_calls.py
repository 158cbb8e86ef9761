"""A filter of system calls (seccomp(2)) by libseccomp, which Debian, Fedora and their kin install with the system.

The filter is a list of what decoders, encoders and Python need. Any other call fails with ``ENOSYS``, after which the
C library uses an older call. Some calls are allowed with certain arguments only.
"""

from __future__ import annotations

import ctypes
import errno
import os

_LIBRARY = "libseccomp.so.2"
_ALLOW = 0x7FFF0000
_ERRNO = 0x00050000
_OPTIMIZE, _BINARY_TREE = 8, 2
_EQUAL, _MASKED_EQUAL = 4, 7
_CLONE_THREAD = 0x00010000

_CALLS = """
    read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 lseek close close_range
    open openat access faccessat faccessat2 stat lstat fstat newfstatat statx readlink readlinkat getcwd chdir
    getdents getdents64 mkdir mkdirat unlink unlinkat rmdir rename renameat renameat2
    ftruncate truncate fallocate fadvise64 fsync fdatasync sync_file_range flock fcntl umask
    dup dup2 dup3 pipe pipe2 poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait
    eventfd2 sendfile copy_file_range splice
    mmap munmap mprotect mremap madvise brk membarrier mincore
    futex set_robust_list get_robust_list rseq set_tid_address arch_prctl sched_yield
    sched_getaffinity sched_setaffinity sched_getparam sched_getscheduler sched_get_priority_max sched_get_priority_min
    rt_sigaction rt_sigprocmask rt_sigreturn rt_sigtimedwait rt_sigpending sigaltstack restart_syscall
    getpid gettid getppid getuid geteuid getgid getegid getpgrp getpgid getsid getpriority uname sysinfo getcpu
    getrlimit getrusage times time gettimeofday clock_gettime clock_getres clock_nanosleep nanosleep
    timerfd_create timerfd_settime timerfd_gettime setitimer getitimer alarm pause
    getrandom exit exit_group
"""
#: Of a terminal and a pipe: TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX.
_IOCTLS = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
#: PR_GET_DUMPABLE, PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_VMA.
_PRCTLS = (3, 15, 16, 23, 0x53564D41)


class _Argument(ctypes.Structure):
    _fields_ = (("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64))


def restrict(*, execute: bool) -> None:
    """Deny every system call but those of the list, for this process; threads may start, processes may not.

    ``execute`` allows the process to replace itself. Raises ``OSError``.
    """
    library = ctypes.CDLL(_LIBRARY, use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p
    filters = ctypes.c_void_p(library.seccomp_init(ctypes.c_uint32(_ERRNO | errno.ENOSYS)))
    try:
        # A library older than 2.5 has no binary tree, and checks the calls one after the other.
        library.seccomp_attr_set(filters, _OPTIMIZE, ctypes.c_uint32(_BINARY_TREE))
        for name in (*_CALLS.split(), *(("execve",) if execute else ())):
            _allow(library, filters, name)
        for request in _IOCTLS:
            _allow(library, filters, "ioctl", _Argument(1, _EQUAL, request))
        for option in _PRCTLS:
            _allow(library, filters, "prctl", _Argument(0, _EQUAL, option))
        _allow(library, filters, "clone", _Argument(0, _MASKED_EQUAL, _CLONE_THREAD, _CLONE_THREAD))
        _allow(library, filters, "prlimit64", _Argument(2, _EQUAL, 0))
        for name in ("kill", "tgkill"):
            _allow(library, filters, name, _Argument(0, _EQUAL, os.getpid()))
        _check(library.seccomp_load(filters))
    finally:
        library.seccomp_release(filters)


def _allow(library: ctypes.CDLL, filters: ctypes.c_void_p, name: str, argument: _Argument | None = None) -> None:
    number = library.seccomp_syscall_resolve_name(name.encode())
    if number < 0:  # this architecture or library has no such call
        return
    count = 0 if argument is None else 1
    listed = ctypes.byref(argument) if argument is not None else None
    _check(library.seccomp_rule_add_array(filters, ctypes.c_uint32(_ALLOW), number, ctypes.c_uint(count), listed))


def _check(result: int) -> None:
    if result < 0:
        raise OSError(-result, f"seccomp: {os.strerror(-result)}")
