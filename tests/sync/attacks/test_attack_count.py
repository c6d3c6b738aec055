"""How many named attacks there are and what each is refused for, printed."""

import pytest

from tests.sync.attacks.attack_table import attacks_by_reason, counts_by_group


def test_there_are_more_named_attacks_than_promised(capsys: pytest.CaptureFixture[str]) -> None:
    counts = counts_by_group()
    reasons = {code: len(names) for code, names in attacks_by_reason().items()}
    with capsys.disabled():
        print(f"\nnamed attacks: {sum(counts.values())} {counts}, by reason {reasons}")  # noqa: T201
    assert sum(counts.values()) - counts["stolen keys"] >= 30


def test_no_attack_stands_twice() -> None:
    names = [name for names in attacks_by_reason().values() for name in names]
    assert sorted({n for n in names if names.count(n) > 1}) == []
