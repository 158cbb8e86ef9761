"""A hostile stand-in for a media program: tries to get out, and prints what became of each attack.

The argument is a JSON object with the paths, addresses and process ids to attack. Standard error gets one JSON object:
attack → "through", or the name of the error. An attack is a function that returns if it got through.
"""

from __future__ import annotations

import ctypes
import errno
import json
import mmap
import os
import platform
import resource
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

_libc = ctypes.CDLL(None, use_errno=True)
_NUMBERS = {
    "x86_64": {"bpf": 321, "perf_event_open": 298, "io_uring_setup": 425, "add_key": 248, "userfaultfd": 323,
               "pidfd_getfd": 438, "kcmp": 312},
    "aarch64": {"bpf": 280, "perf_event_open": 241, "io_uring_setup": 425, "add_key": 217, "userfaultfd": 282,
                "pidfd_getfd": 438, "kcmp": 272},
}  # fmt: skip
_NEW_USER, _NEW_NET, _NEW_NAMESPACE = 0x10000000, 0x40000000, 0x00020000
_ATTACH, _SHM_CREATE, _SET_PARENT_DEATH = 16, 0o1600, 1


class _Target:
    """What to attack."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.secret: str = given["secret"]
        self.database: str = given["database"]
        self.other_scratch: str = given["other_scratch"]
        self.other_blob: str = given["other_blob"]
        self.data_folder: str = given["data_folder"]
        self.source: str = given["source"]
        self.scratch: str = given["scratch"]
        self.port: int = given["port"]
        self.unix: str = given["unix"]
        self.abstract: str = given["abstract"]
        self.other: int = given["other"]
        self.parent = os.getppid()


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read(1)


def _write(path: str, mode: str = "ab") -> None:
    with open(path, mode) as file:
        file.write(b"x")


def _connect(family: int, address: Any, kind: int = socket.SOCK_STREAM) -> None:
    with socket.socket(family, kind) as one:
        one.settimeout(2)
        one.connect(address)


def _send_datagram(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.sendto(b"x", ("127.0.0.1", port))


def _listen() -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        one.listen()


def _open_pair() -> None:
    for one in socket.socketpair():
        one.close()


def _call(result: int) -> None:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def _raw(name: str, *arguments: int) -> None:
    """Make a system call whose arguments are wrong: the kernel says so only if it looked at them."""
    number = _NUMBERS[platform.machine()][name]
    result = _libc.syscall(ctypes.c_long(number), *(ctypes.c_long(argument) for argument in arguments))
    if ctypes.get_errno() not in (errno.EINVAL, errno.EFAULT):
        _call(result)


def _fork() -> None:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)


def _fork_many() -> None:
    """Start processes until one of 10,000 is refused; here a few tell as much."""
    for _ in range(20):
        _fork()


def _spawn(program: str) -> None:
    os.waitpid(os.posix_spawn(program, [program, "-c", "exit 0"], {}), 0)


def _read_through_link(target: _Target) -> None:
    link = os.path.join(target.scratch, "link")
    os.symlink(target.secret, link)
    try:
        _read(link)
    finally:
        os.unlink(link)


def _link_in(target: _Target) -> None:
    copy = os.path.join(target.scratch, "copy")
    os.link(target.secret, copy)
    _read(copy)


def _move_over(target: _Target) -> None:
    own = os.path.join(target.scratch, "own")
    _write(own, "wb")
    os.rename(own, target.other_blob)


def _read_memory(pid: int) -> None:
    buffer = ctypes.create_string_buffer(8)
    vector = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    remote = (ctypes.c_void_p * 2)(ctypes.addressof(buffer), 8)
    result = _libc.process_vm_readv(pid, vector, 1, remote, 1, 0)
    if result < 0 and ctypes.get_errno() == errno.EFAULT:  # it was allowed, and the address is not mapped there
        return
    _call(result)


def _trace(pid: int) -> None:
    _call(_libc.ptrace(_ATTACH, pid, None, None))
    os.waitpid(pid, 0x40000000)
    _libc.ptrace(17, pid, None, None)


def _raise_limit() -> None:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, soft))


def _execute_memory() -> None:
    file = os.memfd_create("program")
    os.write(file, b"#!/bin/sh\nexit 0\n")
    os.close(file)


def _attacks(target: _Target) -> dict[str, Callable[[], object]]:
    """Return the attacks in an order in which one does not spoil the next."""
    return {
        "read the root key": lambda: _read(target.secret),
        "read the database": lambda: _read(target.database),
        "read another job's scratch": lambda: _read(target.other_scratch),
        "read another upload": lambda: _read(target.other_blob),
        "read the system's accounts": lambda: _read("/etc/passwd"),
        "read the server's environment": lambda: _read(f"/proc/{target.parent}/environ"),
        "read its own memory map": lambda: _read("/proc/self/maps"),
        "list the processes": lambda: os.listdir("/proc"),
        "list the data folder": lambda: os.listdir(target.data_folder),
        "read through a symbolic link": lambda: _read_through_link(target),
        "link the root key into its folder": lambda: _link_in(target),
        "create a file outside": lambda: _write(os.path.join(target.data_folder, "new")),
        "make a folder outside": lambda: os.mkdir(os.path.join(target.data_folder, "folder")),
        "write to its source": lambda: _write(target.source),
        "write to the database": lambda: _write(target.database),
        "delete another job's file": lambda: os.unlink(target.other_scratch),
        "replace another upload": lambda: _move_over(target),
        "truncate another upload": lambda: os.truncate(target.other_blob, 0),
        "change the mode of the root key": lambda: os.chmod(target.secret, 0o600),
        "change the owner of the root key": lambda: os.chown(target.secret, os.getuid(), os.getgid()),
        "change the times of the root key": lambda: os.utime(target.secret),
        "make a pipe file": lambda: os.mkfifo(os.path.join(target.scratch, "pipe")),
        "make a device": lambda: os.mknod(os.path.join(target.scratch, "null"), 0o020600, os.makedev(1, 3)),
        "connect to the server": lambda: _connect(socket.AF_INET, ("127.0.0.1", target.port)),
        "send a datagram": lambda: _send_datagram(target.port),
        "listen on a port": _listen,
        "connect to a socket file": lambda: _connect(socket.AF_UNIX, target.unix),
        "connect to an abstract socket": lambda: _connect(socket.AF_UNIX, "\0" + target.abstract),
        "open a raw socket": lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW).close(),
        "open a netlink socket": lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW).close(),
        "open a pair of sockets": _open_pair,
        "start a process": _fork,
        "start 10,000 processes": _fork_many,
        "run a shell": lambda: _spawn("/bin/sh"),
        "signal the server": lambda: os.kill(target.parent, 0),
        "kill another process": lambda: os.kill(target.other, signal.SIGCONT),
        "trace another process": lambda: _trace(target.other),
        "read another process's memory": lambda: _read_memory(target.other),
        "open another process": lambda: os.close(os.pidfd_open(target.other)),
        "compare two processes": lambda: _raw("kcmp", os.getpid(), target.other, 0, 0, 0),
        "set a resource limit": _raise_limit,
        "limit the server": lambda: resource.prlimit(target.parent, resource.RLIMIT_CORE, (0, 0)),
        "raise its priority": lambda: os.setpriority(os.PRIO_PROCESS, 0, 10),
        "outlive the server": lambda: _call(_libc.prctl(_SET_PARENT_DEATH, 0, 0, 0, 0)),
        "enter a new namespace": lambda: _call(_libc.unshare(_NEW_USER | _NEW_NET | _NEW_NAMESPACE)),
        "mount a file system": lambda: _call(_libc.mount(b"none", target.scratch.encode(), b"tmpfs", 0, None)),
        "change its root": lambda: os.chroot("/"),
        "change its user": lambda: os.setuid(os.getuid()),
        "share memory": lambda: _call(_libc.shmget(0, mmap.PAGESIZE, _SHM_CREATE)),
        "run a program from memory": _execute_memory,
        "load a kernel program": lambda: _raw("bpf", 0, 0, 0),
        "watch performance counters": lambda: _raw("perf_event_open", 0, 0, 0, 0, 0),
        "use io_uring": lambda: _raw("io_uring_setup", 1, 0),
        "store a kernel key": lambda: _raw("add_key", 0, 0, 0, 0, 0),
        "handle page faults": lambda: _raw("userfaultfd", 0),
        "lead its own session": lambda: os.setsid(),
    }


def main() -> None:
    """Try everything."""
    target = _Target(json.loads(sys.argv[1]))
    print(json.dumps({name: _outcome(attack) for name, attack in _attacks(target).items()}), file=sys.stderr)


def _outcome(attack: Callable[[], object]) -> str:
    try:
        attack()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    except ValueError as error:  # ``resource`` raises it where the kernel refuses
        return str(error)
    return "through"


if __name__ == "__main__":
    main()
