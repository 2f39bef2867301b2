"""Tokens, TLS and where the client refuses to dial."""

import json
import os

import plumbline
import pytest
from farm import must_run, program
from plumbline import _settings


@pytest.fixture
def token_farm(new_farm):
    farm = new_farm("--listen", "127.0.0.1:0", "--require-token")
    farm.add_board("cam", "S6")
    return farm


def token(farm, role):
    made = farm.plumb("token", "add", "ci-" + role, "--role", role, "--json", "-")
    return json.loads(made)["secret"]


def test_a_token_allows_what_its_role_does(token_farm, face, tmp_path):
    address = token_farm.tcp_address()
    with plumbline.connect(address) as nobody, pytest.raises(plumbline.AccessDenied) as caught:
        nobody.boards()
    assert (caught.value.reason, caught.value.code) == ("token_missing", "unauthenticated")
    with plumbline.connect(address, token=token(token_farm, "viewer")) as viewer:
        assert [board.name for board in viewer.boards()] == ["cam"]
        with pytest.raises(plumbline.AccessDenied) as caught:
            viewer.run(face.model, face.input)
        assert caught.value.reason == "role_too_low"
    file = tmp_path / "token"
    file.write_text(token(token_farm, "operator") + "\n")
    file.chmod(0o644)
    with pytest.raises(plumbline.UsageError, match="may be read by others"):
        plumbline.connect(address, token_file=str(file))
    file.chmod(0o600)
    with plumbline.connect(address, token_file=str(file)) as operator:
        with operator.reserve("cam") as board:
            # The token's name is the owner, whatever the caller says.
            assert board.owner == "ci-operator"
            assert board.run(face.model, face.input).matches


def test_tls_with_the_labs_own_authority(new_farm, tmp_path, face):
    ca = tmp_path / "ca"
    must_run(program("plumb-server"), "certs", "--out", str(ca), "--server", "lab-pc", "--client", "ci")
    farm = new_farm(
        "--listen", "127.0.0.1:0", "--tls-ca", str(ca / "ca.pem"), "--tls-cert", str(ca / "server.pem"),
        "--tls-key", str(ca / "server.key"),
    )  # fmt: skip
    farm.add_board("cam")
    files = {"ca": "ca.pem", "cert": "client-ci.pem", "key": "client-ci.key"}
    trust = {name: str(ca / file) for name, file in files.items()}
    with plumbline.connect(farm.tcp_address(), server_name="lab-pc", owner="me", **trust) as client:
        assert client.run(face.model, face.input).result().matches
        with client.reserve("cam") as board:
            assert board.owner == "ci"
    # The certificate is not for this name.
    with pytest.raises(plumbline.ServerUnreachable, match="no server answers") as caught:
        plumbline.connect(farm.tcp_address(), server_name="other-pc", timeout=1, **trust)
    assert "is its certificate of `ca`" in caught.value.hint
    with pytest.raises(plumbline.ServerUnreachable):
        plumbline.connect(farm.tcp_address(), timeout=1)
    os.chmod(trust["key"], 0o644)
    with pytest.raises(plumbline.UsageError, match="others on this machine may read"):
        plumbline.connect(farm.tcp_address(), **trust)
    with pytest.raises(plumbline.UsageError, match="TLS needs all three"):
        plumbline.connect(farm.tcp_address(), ca=trust["ca"])


def load(address, **given):
    names = ("token", "token_file", "ca", "cert", "key", "server_name", "owner")
    return _settings.load(address, *(given.get(name) for name in names), given.get("allow_insecure", False))


@pytest.mark.parametrize("address", ["10.0.0.7:7070", "lab-pc:7070", "0.0.0.0:1", "[2001:db8::1]:7070"])
def test_nothing_but_this_machine_is_dialled_without_tls(address):
    with pytest.raises(plumbline.UsageError, match="will not dial"):
        load(address)
    assert load(address, allow_insecure=True).address == address
    with pytest.raises(plumbline.UsageError, match="not sent over an unencrypted network"):
        load(address, allow_insecure=True, token="plumb_a_b")


@pytest.mark.parametrize("address", ["127.0.0.1:7070", "localhost:1", "[::1]:65535", "unix:/run/s", "127.9.9.9:7"])
def test_this_machine_is(address):
    assert load(address, token="plumb_1_2").token == "plumb_1_2"


@pytest.mark.parametrize("address", ["", "7070", "host", "host:", "host:0", "host:65536", "a b:1", "unix:", "h:1x"])
def test_what_is_no_address_is_refused(address):
    with pytest.raises(plumbline.UsageError):
        load(address)


def test_the_environment_is_that_of_the_command_line(monkeypatch, tmp_path):
    with pytest.raises(plumbline.UsageError, match="no server is named"):
        load(None)
    file = tmp_path / "token"
    file.write_text("plumb_x_y")
    file.chmod(0o600)
    monkeypatch.setenv("PLUMB_SERVER", "unix:/run/s")
    monkeypatch.setenv("PLUMB_OWNER", "nightly")
    monkeypatch.setenv("PLUMB_TOKEN_FILE", str(file))
    assert load(None) == _settings.Settings("unix:/run/s", "nightly", "plumb_x_y")
    assert load("unix:/other", owner="ann", token_file="") == _settings.Settings("unix:/other", "ann")
    monkeypatch.setenv("PLUMB_OWNER", "evil\x1b[2J")
    assert load(None).owner.isprintable()


def test_a_secret_is_not_in_what_is_shown():
    settings = load("unix:/run/s", token="plumb_1_secret")
    assert "secret" not in repr(settings)
    with pytest.raises(plumbline.UsageError) as caught:
        load("unix:/run/s", token="plumb_1_secret with blanks")
    assert "secret" not in str(caught.value)
