"""The dashboard's files: which addresses show the page, what headers go with it."""

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.fakes.people_hub import PeopleHub
from trainer.hub.dashboard import PAGES, mount_dashboard


@pytest.fixture
def site(tmp_path: Path) -> TestClient:
    """The page's files of a build, in small."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text("<!doctype html><title>Tillsight</title>")
    (tmp_path / "icon.svg").write_text("<svg/>")
    (tmp_path / "assets/page-1a2b.js").write_text("plain")
    (tmp_path / "assets/page-1a2b.js.gz").write_bytes(b"packed")
    app = FastAPI()
    mount_dashboard(app, tmp_path)
    return TestClient(app, raise_server_exceptions=False)


@pytest.mark.parametrize("page", ["", *PAGES])
def test_every_page_has_an_address_of_its_own(site: TestClient, page: str) -> None:
    for path in (f"/{page}", f"/{page}/some-id" if page else "/"):
        reply = site.get(path)
        assert reply.status_code == 200
        assert "Tillsight" in reply.text


def test_the_page_may_load_nothing_from_elsewhere(site: TestClient) -> None:
    policy = site.get("/").headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_an_asset_is_kept_for_ever_and_comes_packed_where_that_is_understood(
    site: TestClient,
) -> None:
    plain = site.get("/assets/page-1a2b.js", headers={"accept-encoding": "identity"})
    assert plain.text == "plain"
    assert "immutable" in plain.headers["cache-control"]
    with site.stream("GET", "/assets/page-1a2b.js", headers={"accept-encoding": "gzip"}) as packed:
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.headers["vary"] == "accept-encoding"
        assert b"".join(packed.iter_raw()) == b"packed"


@pytest.mark.parametrize("path", ["/nowhere", "/v1/nothing-here", "/api/v1/nothing-here"])
def test_other_addresses_are_refused_in_the_hubs_own_form(centre: PeopleHub, path: str) -> None:
    reply = centre.client.get(path)
    assert (reply.status_code, reply.json()["code"]) == (404, "not_found")


def test_a_checkout_without_a_build_says_how_to_make_one(tmp_path: Path) -> None:
    app = FastAPI()
    mount_dashboard(app, tmp_path)
    reply = TestClient(app).get("/overview")
    assert reply.status_code == 503
    assert "tools.checks.web_build" in reply.text
