"""Nobody gets in without the token, and nothing leaves without its headers."""

import pytest
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from tests.edge.kiosk.kiosk_page import ADDRESS, TOKEN, kiosk_app, signed_in, small_box

PATHS = ("/", "/api/products", "/api/status", "/api/pictures?name=milk.jpg", "/assets/a.js")


@pytest.fixture(scope="module")
def stranger() -> TestClient:
    return TestClient(kiosk_app(small_box()), base_url=ADDRESS, follow_redirects=False)


@pytest.fixture(scope="module")
def shopper() -> TestClient:
    return signed_in(small_box())


@pytest.mark.parametrize("path", PATHS)
def test_without_the_token_nothing_is_served(stranger: TestClient, path: str) -> None:
    assert stranger.get(path).status_code == 401


def test_health_needs_no_token(stranger: TestClient) -> None:
    assert stranger.get("/health").json() == {"status": "ok"}


def test_the_token_of_the_address_becomes_a_cookie_and_leaves_the_address() -> None:
    client = TestClient(kiosk_app(small_box()), base_url=ADDRESS, follow_redirects=False)
    answer = client.get(f"/?token={TOKEN}&lane=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/?lane=1"
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert client.get("/api/status").status_code == 200


def test_a_wrong_token_gets_no_cookie(stranger: TestClient) -> None:
    answer = stranger.get("/?token=wrong")
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


def test_another_host_name_is_refused(shopper: TestClient) -> None:
    assert shopper.get("/health", headers={"host": "evil.example:8600"}).status_code == 421


@pytest.mark.parametrize(
    ("headers", "content"),
    [
        pytest.param({}, b"x" * 5000, id="a long body"),
        pytest.param({"transfer-encoding": "chunked"}, b"", id="a body of unknown length"),
        pytest.param({"content-length": "-1"}, b"", id="a nonsense length"),
    ],
)
def test_bodies_are_refused(shopper: TestClient, headers: dict[str, str], content: bytes) -> None:
    assert shopper.post("/api/status", headers=headers, content=content).status_code == 413


@pytest.mark.parametrize("path", ["/health", "/api/status", "/nowhere", "/"])
def test_every_answer_carries_the_security_headers(shopper: TestClient, path: str) -> None:
    headers = shopper.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("origin", "cookie"),
    [
        pytest.param("http://evil.example", TOKEN, id="a foreign page"),
        pytest.param("", TOKEN, id="no origin"),
        pytest.param(ADDRESS, "wrong", id="a wrong token"),
        pytest.param(ADDRESS, "", id="no token"),
    ],
)
def test_the_socket_is_closed_to_strangers(origin: str, cookie: str) -> None:
    client = TestClient(kiosk_app(small_box()), base_url=ADDRESS)
    client.cookies.set("tillsight_kiosk_8600", cookie)
    headers = {"origin": origin, "host": "127.0.0.1:8600"}
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/ws", headers=headers):
        pass


def test_the_api_describes_itself_to_nobody(shopper: TestClient) -> None:
    assert shopper.get("/openapi.json").status_code == 404
    assert shopper.get("/docs").status_code == 404
