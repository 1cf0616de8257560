"""Serves the app where nothing but this machine can be reached, and tells each attempt."""

import socket
import sys

from vlminterp.cli.main import run

LOCAL = ("127.0.0.1", "::1", "localhost")
INTERNET = (socket.AF_INET, socket.AF_INET6)
connect_anywhere, resolve_anything = socket.socket.connect, socket.getaddrinfo


def refuse(address):
    sys.stdout.write(f"OUTSIDE {address}\n")
    sys.stdout.flush()
    raise OSError("the network is blocked")


def connect(self, address):
    if self.family in INTERNET and address[0] not in LOCAL:
        refuse(address)
    return connect_anywhere(self, address)


def resolve(host, *arguments, **options):
    if host not in LOCAL:
        refuse(host)
    return resolve_anything(host, *arguments, **options)


if __name__ == "__main__":
    socket.socket.connect, socket.getaddrinfo = connect, resolve
    sys.exit(run(sys.argv[1:]))
