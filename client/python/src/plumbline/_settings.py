"""Where the server is and by what it trusts us: arguments, else PLUMB_*, as for the `plumb` program."""

from __future__ import annotations

import dataclasses
import ipaddress
import os
import pwd
import re
import stat
import typing

from plumbline._text import is_name
from plumbline.errors import UsageError

_TOKEN = re.compile(r"[0-9a-z_]+")
_MAX_TOKEN_FILE = 1024
_MAX_PEM = 1 << 20
_MAX_UNIX_PATH = 107


def from_environment(name: str, given: typing.Optional[str]) -> str:
    """`given`, else the variable PLUMB_`name`, else "". An empty argument says: nothing."""
    return os.environ.get("PLUMB_" + name, "") if given is None else given


def default_owner() -> str:
    """PLUMB_OWNER, else the login: in whose name boards are reserved and models run."""
    given = os.environ.get("PLUMB_OWNER", "")
    if given and is_name(given):
        return given
    try:
        login = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        login = ""
    return login if login and is_name(login) else "anonymous"


def is_local(address: str) -> bool:
    """True for a unix socket and this machine's loopback. UsageError for what is no address."""
    hint = "write host:port, [v6]:port or unix:/path"
    if address.startswith("unix:"):
        if not 1 <= len(os.fsencode(address[5:])) <= _MAX_UNIX_PATH:
            raise UsageError("'%s' is no path of a unix socket: 1 to %d bytes" % (address, _MAX_UNIX_PATH), hint)
        return True
    host, colon, port = address.rpartition(":")
    if not colon or not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise UsageError("'%s' has no port between 1 and 65535" % address, hint)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif not re.fullmatch(r"[A-Za-z0-9._-]+", host):
        raise UsageError("'%s' has no usable host" % address, hint)
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(path: str) -> bool:
    return not os.stat(path).st_mode & (stat.S_IRWXG | stat.S_IRWXO)


def _read(what: str, path: str, limit: int) -> bytes:
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise UsageError("%s '%s' cannot be read: %s" % (what, path, error.strerror)) from error
    if len(data) > limit:
        raise UsageError("%s '%s' is larger than %d bytes" % (what, path, limit))
    return data


def _check_token(token: str, where: str) -> str:
    if not _TOKEN.fullmatch(token):
        raise UsageError(where + " holds no token", "it is what `plumb token add` printed")
    return token


def _token_from(path: str) -> str:
    data = _read("token_file", path, _MAX_TOKEN_FILE)
    if not _is_private(path):
        raise UsageError("token_file '%s' may be read by others" % path, "chmod 600 it")
    return _check_token(data.decode("ascii", "replace").strip(), "token_file '%s'" % path)


@dataclasses.dataclass(frozen=True)
class Tls:
    """PEM texts: who signs the server's certificate, and ours."""

    ca: bytes
    certificate: bytes
    key: bytes = dataclasses.field(repr=False)
    server_name: str = ""


@dataclasses.dataclass(frozen=True)
class Settings:
    """Checked, and everything read that is in files."""

    address: str
    owner: str
    token: str = dataclasses.field(default="", repr=False)
    tls: typing.Optional[Tls] = None


def _tls_from(ca: str, cert: str, key: str, server_name: str) -> typing.Optional[Tls]:
    if not (ca or cert or key or server_name):
        return None
    if not (ca and cert and key):
        raise UsageError("TLS needs all three: ca, cert and key", "plumb-server certs makes them")
    tls = Tls(_read("ca", ca, _MAX_PEM), _read("cert", cert, _MAX_PEM), _read("key", key, _MAX_PEM), server_name)
    if not _is_private(key):
        raise UsageError("key: others on this machine may read '%s'" % key, "chmod 600 it")
    return tls


def load(
    address: typing.Optional[str],
    token: typing.Optional[str],
    token_file: typing.Optional[str],
    ca: typing.Optional[str],
    cert: typing.Optional[str],
    key: typing.Optional[str],
    server_name: typing.Optional[str],
    owner: typing.Optional[str],
    allow_insecure: bool,
) -> Settings:
    """Arguments and environment to settings. UsageError says what to write instead."""
    where = from_environment("SERVER", address)
    if not where:
        raise UsageError("no server is named", "give an address (pytest: --plumb-server ADDR) or set PLUMB_SERVER")
    tls = _tls_from(
        from_environment("TLS_CA", ca),
        from_environment("TLS_CERT", cert),
        from_environment("TLS_KEY", key),
        from_environment("TLS_SERVER_NAME", server_name),
    )
    local = is_local(where)
    if not local and tls is None and not allow_insecure:
        raise UsageError(
            "will not dial %s: the connection is not encrypted, and that is neither this machine's loopback "
            "nor a unix socket" % where,
            "give ca, cert and key (plumb-server certs makes them), or use 127.0.0.1:PORT or unix:PATH",
        )
    file = from_environment("TOKEN_FILE", token_file) if token is None else ""
    secret = _check_token(token, "token") if token else _token_from(file) if file else ""
    if secret and not local and tls is None:
        raise UsageError("a token is not sent over an unencrypted network", "give ca, cert and key")
    name = default_owner() if owner is None else owner
    if not is_name(name):
        raise UsageError("owner is no name: 1 to 255 bytes without control characters")
    return Settings(where, name, secret, None if where.startswith("unix:") else tls)
