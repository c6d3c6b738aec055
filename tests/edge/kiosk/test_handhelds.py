"""Phones of the staff: paired by a code, under TLS, and nothing before the PIN."""

import asyncio
import datetime
import ssl
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from cryptography import x509
from fastapi.testclient import TestClient

from edge.kiosk.handheld_tls import load_or_make_certificate, reachable_addresses
from edge.kiosk.handhelds import CODE_NS, HandheldDesk, PairingRefusedError, qr_rows
from edge.kiosk.kiosk_app import KioskSettings, create_app, create_handheld_app, kiosk_server
from tests.edge.kiosk.kiosk_page import PIN_HASH, TOKEN, ask_for, small_box, wait_for
from tests.system.running_box import free_port

ADDRESS = "https://192.168.10.20:8601"
NOW = datetime.datetime(2026, 11, 21, tzinfo=datetime.UTC)


@pytest.fixture
def desk(tmp_path: Path) -> HandheldDesk:
    return HandheldDesk(tmp_path / "paired.json", lambda: (ADDRESS,), "AB:CD")


@pytest.fixture
def phone(desk: HandheldDesk) -> TestClient:
    settings = KioskSettings(token=TOKEN, attendant_pin_hash=PIN_HASH)
    app = create_app(small_box(), settings, desk)
    app.state.desk.clock_ns = lambda: 0
    handheld = create_handheld_app(app, settings)
    return TestClient(handheld, base_url=ADDRESS, follow_redirects=False)


def test_a_code_pairs_one_phone_and_survives_a_restart(desk: HandheldDesk) -> None:
    invitation = desk.invite(0)
    token = desk.redeem(invitation.code, 1)
    assert desk.is_paired(token)
    with pytest.raises(PairingRefusedError):
        desk.redeem(invitation.code, 2)
    again = HandheldDesk(desk.path, desk.addresses, "")
    assert (again.is_paired(token), again.is_paired("other")) == (True, False)
    assert token not in desk.path.read_text()
    again.forget_all()
    assert not again.is_paired(token)


def test_a_code_dies_of_age_and_of_five_guesses(desk: HandheldDesk) -> None:
    old = desk.invite(0).code
    with pytest.raises(PairingRefusedError):
        desk.redeem(old, CODE_NS)
    guessed = desk.invite(0).code
    for _ in range(5):
        with pytest.raises(PairingRefusedError):
            desk.redeem("wrong", 1)
    with pytest.raises(PairingRefusedError):
        desk.redeem(guessed, 1)


def test_the_picture_of_the_code_can_be_read_by_a_phone(desk: HandheldDesk) -> None:
    invitation = desk.invite(0)
    image = np.array([[255 * (m == "0") for m in row] for row in invitation.qr], np.uint8)
    large = cv2.resize(image, None, fx=6, fy=6, interpolation=cv2.INTER_NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    assert found.text == f"{ADDRESS}/?pair={invitation.code}"
    assert len(set(map(len, qr_rows("x")))) == 1


def test_a_stranger_gets_the_pairing_page_and_nothing_else(phone: TestClient) -> None:
    answer = phone.get("/")
    assert (answer.status_code, "Pair this phone" in answer.text) == (401, True)
    assert "form-action 'self'" in answer.headers["content-security-policy"]
    assert phone.get("/api/products").status_code == 401
    assert phone.get("/?pair=00000000").status_code == 401


@pytest.mark.parametrize(
    "base",
    [
        pytest.param("http://192.168.10.20:8601", id="without TLS"),
        pytest.param("https://evil.example", id="a foreign name"),
    ],
)
def test_other_addresses_are_turned_away(phone: TestClient, base: str) -> None:
    assert phone.get(f"{base}/").status_code == 421


def test_a_paired_phone_sees_the_page_and_acts_after_the_pin(
    phone: TestClient, desk: HandheldDesk
) -> None:
    answer = phone.get(f"/?pair={desk.invite(0).code}")
    cookie = answer.headers["set-cookie"]
    assert answer.status_code == 303
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=strict"))
    assert phone.get("/api/products?query=milk").status_code == 200
    headers = {"origin": ADDRESS, "host": ADDRESS.removeprefix("https://")}
    with (
        phone,
        phone.websocket_connect(f"{ADDRESS.replace('https', 'wss')}/ws", headers=headers) as socket,
    ):
        assert wait_for(socket, "hello")["is_handheld"] is True
        add = {"type": "add_line", "sku_id": "milk"}
        assert ask_for(socket, add)["code"] == "kiosk.not_allowed"
        socket.send_json({"type": "attendant", "pin": "2468"})
        assert wait_for(socket, "attendant")["is_in"] is True
        assert ask_for(socket, add, "2")["is_done"]
        socket.send_json({"type": "pair_handheld"})
        assert wait_for(socket, "error")["code"] == "kiosk.not_allowed"


def test_the_certificate_is_kept_and_renewed_before_it_ends(tmp_path: Path) -> None:
    first = load_or_make_certificate(tmp_path, "box", NOW)
    assert load_or_make_certificate(tmp_path, "box", NOW) == first
    assert first.key.stat().st_mode & 0o077 == 0
    later = load_or_make_certificate(tmp_path, "box", NOW + datetime.timedelta(days=380))
    assert later.fingerprint != first.fingerprint
    known = x509.load_pem_x509_certificate(later.certificate.read_bytes())
    assert known.not_valid_after_utc > NOW + datetime.timedelta(days=700)


def test_phones_are_served_under_tls_with_the_certificate_that_was_shown(
    tmp_path: Path, desk: HandheldDesk
) -> None:
    certificate = load_or_make_certificate(tmp_path, "box", datetime.datetime.now(datetime.UTC))
    settings = KioskSettings(token=TOKEN)
    app = create_app(small_box(), settings, desk)
    port = free_port()
    server = kiosk_server(create_handheld_app(app, settings), port, certificate)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    try:
        pem = _certificate_of(port)
    finally:
        server.should_exit = True
        thread.join()
    assert pem == certificate.certificate.read_text()


def _certificate_of(port: int) -> str:
    for _ in range(200):
        try:
            return ssl.get_server_certificate(("127.0.0.1", port), timeout=5)
        except ConnectionRefusedError:
            threading.Event().wait(0.02)
    raise AssertionError("never served")


def test_addresses_are_https_ones_of_this_machine() -> None:
    assert all(a.startswith("https://") and a.endswith(":8601") for a in reachable_addresses(8601))
