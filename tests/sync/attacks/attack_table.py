"""Every named attack with the reason it is refused for.

`python -m tests.sync.attacks.attack_table` prints it as the table of sync/README.md.
"""

import sys
from collections import defaultdict

from sync.errors import SyncError
from tests.sync.attacks import test_document_attacks as documents
from tests.sync.attacks import test_link_attacks as links
from tests.sync.attacks import test_metadata_attacks as metadata
from tests.sync.attacks import test_stolen_keys as stolen


def attacks_by_reason() -> dict[str, list[str]]:
    """Code of the error -> names of the attacks that meet it; each name once."""
    tables = (
        metadata.REFUSED, metadata.BUNDLE_REFUSED, documents.BUNDLE_REFUSED,
        documents.CHECK_REFUSED, documents.CATALOGUE_REFUSED, links.ATTACKS,
    )  # fmt: skip
    found: dict[str, list[str]] = defaultdict(list)
    for table in tables:
        for name, (_, reason) in table.items():
            found[code_of(reason)].append(name)
    return {code: sorted(names) for code, names in sorted(found.items())}


def code_of(reason: type[SyncError]) -> str:
    """The stable code of an error class."""
    return reason.code


def counts_by_group() -> dict[str, int]:
    """How many attacks of each kind."""
    return {
        "metadata": len(metadata.REFUSED) + len(metadata.BUNDLE_REFUSED) + 1,
        "documents": len(documents.BUNDLE_REFUSED)
        + len(documents.CHECK_REFUSED)
        + len(documents.CATALOGUE_REFUSED),
        "link": len(links.ATTACKS),
        "stolen keys": len(stolen.FOREIGN),
    }


if __name__ == "__main__":
    for code, names in attacks_by_reason().items():
        sys.stdout.write(f"| `{code}` | {len(names)} | {', '.join(names)} |\n")
