"""The road to the hub: private CA, proxy, signatures, dates."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sync.http_pool import HttpSettings, HubHttp
from sync.transport_errors import (
    BadReplyError,
    LinkLostError,
    ProxyRefusedError,
    TlsError,
)
from tests.fakes.flaky_hub import Fault, FlakyHub
from tests.fakes.tls_hub import TlsHub, TunnelProxy, write_certificate

ANSWER = b"an answer"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def tls_hub(certificate: Path) -> Iterator[TlsHub]:
    with TlsHub(certificate, ANSWER) as running:
        yield running


def ask(http: HubHttp, url: str) -> bytes:
    with http.request("GET", url, deadline_s=5.0) as reply:
        reply.raise_for_status()
        return reply.read(1000)


def test_a_private_ca_is_trusted_when_it_is_named(certificate: Path, tls_hub: TlsHub) -> None:
    http = HubHttp(HttpSettings(ca_file=certificate))
    assert ask(http, f"{tls_hub.url}/health") == ANSWER
    http.close()


def test_an_unknown_ca_is_refused_and_the_hint_says_ca_file(tls_hub: TlsHub) -> None:
    with pytest.raises(TlsError) as caught:
        ask(HubHttp(HttpSettings()), f"{tls_hub.url}/health")
    assert "ca_file" in caught.value.hint


def test_only_a_date_over_tls_counts(certificate: Path, tls_hub: TlsHub) -> None:
    secure = HubHttp(HttpSettings(ca_file=certificate))
    ask(secure, f"{tls_hub.url}/health")
    assert secure.hub_date is not None
    assert abs(secure.hub_date - datetime.now(UTC)) < timedelta(minutes=5)
    secure.close()
    plain = HubHttp(HttpSettings())
    with FlakyHub({"/health": ANSWER}) as hub:
        ask(plain, f"{hub.url}/health")
    assert plain.hub_date is None


def test_tls_goes_through_a_proxy_with_a_password(certificate: Path, tls_hub: TlsHub) -> None:
    with TunnelProxy() as proxy:
        http = HubHttp(HttpSettings(ca_file=certificate, proxy_url=proxy.url()))
        assert ask(http, f"{tls_hub.url}/health") == ANSWER
        http.close()
        assert proxy.tunnels == [tls_hub.url.removeprefix("https://")]


def test_a_proxy_without_its_password_is_named(certificate: Path, tls_hub: TlsHub) -> None:
    with TunnelProxy() as proxy:
        http = HubHttp(HttpSettings(ca_file=certificate, proxy_url=proxy.url(with_password=False)))
        with pytest.raises(ProxyRefusedError):
            ask(http, f"{tls_hub.url}/health")


def test_plain_http_goes_through_a_proxy_too() -> None:
    with FlakyHub({"/health": ANSWER}) as proxy:
        http = HubHttp(HttpSettings(proxy_url=f"http://till:sight@127.0.0.1:{proxy.port}"))
        assert ask(http, "http://hub.example/health") == ANSWER
        assert proxy.asked[0].headers["proxy-authorization"].startswith("Basic ")


def test_every_request_is_signed_over_method_path_and_body() -> None:
    signed: list[tuple[str, str, bytes]] = []

    def sign(method: str, path: str, body: bytes) -> Mapping[str, str]:
        signed.append((method, path, body))
        return {"Tillsight-Signature": "abc"}

    with FlakyHub({"/v1/x?y=1": ANSWER}) as hub:
        http = HubHttp(HttpSettings(), sign)
        with http.request("POST", f"{hub.url}/v1/x?y=1", deadline_s=5.0, body=b"{}") as reply:
            assert reply.status == 200
        assert hub.asked[0].headers["tillsight-signature"] == "abc"
    assert signed == [("POST", "/v1/x?y=1", b"{}")]


def test_nothing_is_followed_where_a_redirect_points() -> None:
    with FlakyHub(script=lambda asked: Fault("redirect")) as hub:
        with HubHttp(HttpSettings()).request("GET", hub.url, deadline_s=5.0) as reply:
            assert reply.status == 302
        assert len(hub.asked) == 1


def test_a_body_longer_than_asked_for_is_refused() -> None:
    with FlakyHub({"/x": b"x" * 2000}) as hub, pytest.raises(BadReplyError):
        ask(HubHttp(HttpSettings()), f"{hub.url}/x")


def test_nobody_at_the_port_is_a_lost_link() -> None:
    with FlakyHub() as hub:
        url = hub.url
    with pytest.raises(LinkLostError):
        ask(HubHttp(HttpSettings()), url)


@pytest.mark.parametrize(
    ("said", "understood"),
    [("7", 7.0), ("-3", 0.0), ("999999", 3600.0), ("Wed, 21 Oct 2026 07:28:00 GMT", None),
     ("nan", None)],
)  # fmt: skip
def test_retry_after_in_seconds_is_understood(said: str, understood: float | None) -> None:
    with FlakyHub({"/x": ANSWER}) as hub:
        http = HubHttp(HttpSettings())
        with http.request("GET", f"{hub.url}/x", deadline_s=5.0) as reply:
            reply.headers = {"Retry-After": said}
            assert reply.retry_after_s == understood
