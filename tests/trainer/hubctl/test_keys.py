"""`hubctl keys` as an operator types it, from the ceremony to the stolen key."""

import json
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from trainer.hubctl.__main__ import app, main
from trainer.release.release_errors import CeremonyError, KeyFileError, ThresholdError

RUNNER = CliRunner()


class Operator:
    """Somebody with a repository, key folders, and a passphrase in a file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo = folder / "repo"
        self.secret = folder / "passphrase"
        self.secret.write_text("correct horse battery\n")
        self.secret.chmod(stat.S_IRUSR | stat.S_IWUSR)

    def run(self, *words: str, keys: Sequence[str] = (), signs: bool = True) -> dict[str, Any]:
        """One command with --json; what it said."""
        line = ["keys", *words, "--repo", str(self.repo), "--json"]
        for name in keys:
            line += ["--keys", str(self.folder / name)]
        if signs:
            line += ["--passphrase-file", str(self.secret)]
        done = RUNNER.invoke(app, line, catch_exceptions=True)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        assert done.exit_code == 0, done.output
        found: dict[str, Any] = json.loads(done.output)
        return found

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def keyids(self, role: str) -> list[str]:
        rows = self.run("list", signs=False)["roles"]
        found: list[str] = next(row["keyids"] for row in rows if row["role"] == role)
        return found


@pytest.fixture
def shop(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    said = operator.run("init", "--online", operator.path("hub"), "--offline", operator.path("hub"))
    assert said["mode"] == "one shop"
    assert len(said["root_sha256"]) == 64
    return operator


@pytest.fixture
def fleet(tmp_path: Path) -> Operator:
    operator = Operator(tmp_path)
    folders = [
        word for name in ("ada", "ben", "cyd") for word in ("--offline", str(tmp_path / name))
    ]
    assert operator.run("init", "--online", operator.path("hub"), *folders)["mode"] == "split"
    return operator


EVERYBODY = ("ada", "ben", "cyd", "hub")


def test_list_needs_no_passphrase_and_says_who_is_at_hand(fleet: Operator) -> None:
    rows = {r["role"]: r for r in fleet.run("list", keys=["ada"], signs=False)["roles"]}
    assert (rows["root"]["threshold"], rows["root"]["num_at_hand"]) == (2, 1)
    assert (rows["assign"]["threshold"], rows["assign"]["num_at_hand"]) == (1, 0)


def test_list_for_people_has_a_line_per_role(fleet: Operator) -> None:
    done = RUNNER.invoke(app, ["keys", "list", "--repo", str(fleet.repo)])
    assert done.exit_code == 0
    assert len(done.output.splitlines()) == 9
    assert "2 of 3" in done.output


def test_a_key_is_rotated_by_the_beginning_of_its_id(shop: Operator) -> None:
    old = shop.keyids("timestamp")[0]
    said = shop.run("rotate", old[:8], "--into", shop.path("hub"), keys=["hub"])
    assert said["role"] == "timestamp"
    assert shop.keyids("timestamp") == [said["new_keyid"]]


def test_an_unknown_key_is_a_usage_error(shop: Operator) -> None:
    line = ["keys", "revoke", "ffff", "--repo", str(shop.repo), "--keys", shop.path("hub"),
            "--passphrase-file", str(shop.secret)]  # fmt: skip
    assert RUNNER.invoke(app, line).exit_code == 2


def test_a_lost_key_is_replaced_without_it(fleet: Operator) -> None:
    lost = fleet.keyids("bundles")[0]
    said = fleet.run("lost", lost, "--into", fleet.path("ada"), keys=EVERYBODY)
    assert said["role"] == "bundles"
    assert lost not in fleet.keyids("bundles")


def test_a_stolen_key_takes_snapshot_and_timestamp_with_it(fleet: Operator) -> None:
    before = {role: fleet.keyids(role) for role in ("assign", "snapshot", "timestamp", "root")}
    said = fleet.run("stolen", before["assign"][0], "--into", fleet.path("hub"), keys=EVERYBODY)
    assert said["look_through"] == []
    after = {role: fleet.keyids(role) for role in before}
    assert [role for role in before if before[role] != after[role]] == [
        "assign", "snapshot", "timestamp",
    ]  # fmt: skip


def test_revoking_below_the_threshold_is_refused(shop: Operator) -> None:
    with pytest.raises(CeremonyError):
        shop.run("revoke", shop.keyids("bundles")[0], keys=["hub"])


def test_one_shop_is_split_into_three_keepers(shop: Operator) -> None:
    folders = [w for name in ("ada", "ben", "cyd") for w in ("--offline", shop.path(name))]
    assert shop.run("split", *folders, keys=["hub"])["num_new_keys"] == 9
    rows = {r["role"]: r for r in shop.run("list", keys=["ada"], signs=False)["roles"]}
    assert (rows["bundles"]["threshold"], rows["bundles"]["num_at_hand"]) == (2, 1)


def test_two_keepers_sign_one_after_the_other(fleet: Operator) -> None:
    with pytest.raises(ThresholdError):
        fleet.run("renew-offline", "bundles", keys=["ada", "hub"])
    assert fleet.run("sign", keys=["ben", "hub"])["changed"] == [
        "bundles", "snapshot", "timestamp",
    ]  # fmt: skip


def test_a_waiting_change_can_be_discarded(fleet: Operator) -> None:
    with pytest.raises(ThresholdError):
        fleet.run("renew-offline", "targets", keys=["ada", "hub"])
    fleet.run("discard", signs=False)
    assert fleet.run("resign", keys=["hub"])["changed"] == ["snapshot", "timestamp"]


def test_resign_renews_and_names_what_keepers_must_do(fleet: Operator) -> None:
    said = fleet.run("resign", "--all-online", keys=["hub"])
    assert "assign" in said["changed"]
    assert "bundles" not in said["changed"]
    assert said["offline_roles_to_renew"] == []


def test_the_root_is_exported_with_its_hash(shop: Operator) -> None:
    to = shop.folder / "root.json"
    said = shop.run("export-root", "--to", str(to), signs=False)
    assert said["root_bytes"] == to.stat().st_size


def test_an_export_for_sticks_is_written(shop: Operator) -> None:
    said = shop.run("export-stick", "--to", shop.path("stick"), signs=False)
    assert said["num_bytes"] > 0
    assert (shop.folder / "stick" / "metadata" / "timestamp.json").is_file()


def test_a_passphrase_file_for_everybody_is_refused(shop: Operator) -> None:
    shop.secret.chmod(0o644)
    with pytest.raises(KeyFileError):
        shop.run("resign", keys=["hub"])


def test_the_passphrase_is_asked_for_twice_when_keys_are_made(tmp_path: Path) -> None:
    line = ["keys", "init", "--repo", str(tmp_path / "repo"), "--online", str(tmp_path / "k"),
            "--offline", str(tmp_path / "k")]  # fmt: skip
    said = "correct horse battery\n"
    assert RUNNER.invoke(app, line, input=said + said).exit_code == 0
    assert "horse" not in RUNNER.invoke(app, ["keys", "list", "--repo", str(tmp_path)]).output


def test_a_refusal_is_a_line_with_a_hint_and_exit_code_four(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["hubctl", "keys", "list", "--repo", str(tmp_path)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 4
    said = capsys.readouterr().err
    assert said.startswith("release.repository:")
    assert "hubctl keys init" in said


def test_no_private_key_and_no_passphrase_is_ever_printed(fleet: Operator) -> None:
    done = RUNNER.invoke(
        app,
        ["keys", "resign", "--repo", str(fleet.repo), "--keys", fleet.path("hub"),
         "--passphrase-file", str(fleet.secret)],
    )  # fmt: skip
    assert "PRIVATE" not in done.output
    assert "horse" not in done.output
