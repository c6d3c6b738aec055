"""How many named attacks there are, printed, so that nobody has to count."""

import pytest

from tests.sync.attacks import test_document_attacks as documents
from tests.sync.attacks import test_link_attacks as links
from tests.sync.attacks import test_metadata_attacks as metadata
from tests.sync.attacks import test_stolen_keys as stolen


def test_there_are_more_named_attacks_than_promised(capsys: pytest.CaptureFixture[str]) -> None:
    counts = {
        "metadata": len(metadata.REFUSED) + len(metadata.BUNDLE_REFUSED) + 1,
        "documents": len(documents.BUNDLE_REFUSED)
        + len(documents.CHECK_REFUSED)
        + len(documents.CATALOGUE_REFUSED),
        "link": len(links.ATTACKS),
        "stolen keys": len(stolen.FOREIGN),
    }
    with capsys.disabled():
        print(f"\nnamed attacks: {sum(counts.values())} {counts}")  # noqa: T201
    assert sum(counts.values()) - counts["stolen keys"] >= 30
