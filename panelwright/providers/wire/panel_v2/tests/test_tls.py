"""HTTPS: the certificate is checked, against the name; a TLS failure is before any request."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from panelwright.core import addresses, transport
from panelwright.providers.wire.outcomes import Accepted, Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.client import PanelClient
from panelwright.providers.wire.panel_v2.tests.wild_panel import Request, Wild, http, raw, wild_panel
from tests.support.spoken import SpeakingClient


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for panel.example that signs itself, with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "panel.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("panel.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "panel.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + built.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture(autouse=True)
def names_lead_here(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every name is this machine; and the checked store of certificates is built anew for each test."""
    monkeypatch.setattr(addresses, "lookup", lambda host, port, *, timeout_s: [(socket.AF_INET, ("127.0.0.1", port))])
    transport.tls_context.cache_clear()
    yield
    transport.tls_context.cache_clear()


def client_of(wild: Wild, host: str = "panel.example", read_timeout_s: float = 2) -> PanelClient:
    return SpeakingClient(
        url=f"https://{host}:{wild.port}/api/v2",
        key="k3y-of-ours",
        allow_private=True,
        connect_timeout_s=1,
        read_timeout_s=read_timeout_s,
    )


def test_a_trusted_certificate(certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # as if the system trusted it
    asked: list[str | None] = []
    server_tls.sni_callback = lambda sock, name, context: asked.append(name)
    with wild_panel(http({"order": 7}), tls=server_tls) as wild:
        client = client_of(wild)
        assert client.add({}) == Accepted("7")
        assert client.add({}) == Accepted("7")
        assert [request.connection for request in wild.requests] == [1, 1]
        assert wild.requests[0].headers["host"] == f"panel.example:{wild.port}"
        client.close()
    assert asked == ["panel.example"]


def test_a_certificate_that_nobody_vouches_for(server_tls: ssl.SSLContext) -> None:
    with wild_panel(http({"order": 7}), tls=server_tls) as wild:
        came = client_of(wild).add({})
        assert came == UpstreamRefused(Reason.UNREACHABLE, "the certificate is not valid: self-signed certificate")
        assert wild.requests == []


def test_a_certificate_of_another_name(
    certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with wild_panel(http({"order": 7}), tls=server_tls) as wild:
        for host in ("other.example", "127.0.0.1"):
            came = client_of(wild, host).add({})
            assert isinstance(came, UpstreamRefused)
            assert came.reason is Reason.UNREACHABLE
            assert came.text.startswith("the certificate is not valid: ")
        assert wild.requests == []


def test_no_tls_on_the_other_side() -> None:
    with wild_panel(raw(b"HTTP/1.1 400 Bad Request\r\n\r\n"), read=False) as wild:
        came = client_of(wild).add({})
    assert isinstance(came, UpstreamRefused)
    assert came.reason is Reason.UNREACHABLE
    assert came.text.startswith("the encrypted connection (TLS) failed: ")


@pytest.mark.alone
def test_a_handshake_that_never_ends() -> None:
    def silent(sock: socket.socket, requests: list[Request]) -> bool:
        time.sleep(1.5)
        return False

    with wild_panel(silent, read=False) as wild:
        started = time.monotonic()
        assert client_of(wild).add({}) == UpstreamRefused(Reason.UNREACHABLE, "no connection in time")
        assert time.monotonic() - started < 1.4


@pytest.mark.alone
def test_a_slow_drip_over_tls(certificate: Path, server_tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))

    def drip(sock: socket.socket, requests: list[Request]) -> bool:
        sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
        for _ in range(100):
            sock.sendall(b" ")
            time.sleep(0.05)
        return False

    with wild_panel(drip, tls=server_tls) as wild:
        started = time.monotonic()
        came = client_of(wild, read_timeout_s=0.4).add({})
        assert time.monotonic() - started < 1.5
    assert isinstance(came, Unknown)
    assert came.text == "HTTP 200, the answer was not complete within 0.4 s"
