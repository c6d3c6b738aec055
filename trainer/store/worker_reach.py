"""What a worker's token reaches: what it has sent itself, and what the jobs it holds now name.

Flow: token -> leased jobs -> digests in their parameters -> models among them -> their files

A lease that ended or was lost opens nothing any more. Lists of files (results of steps) lie in
blobs; trainer/hub/worker_scope.py opens those.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from trainer.store.artifacts import is_holder
from trainer.store.job_tables import JOBS
from trainer.store.model_tables import MODELS

DIGEST = re.compile(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")


@dataclass(frozen=True, slots=True)
class Reach:
    """What is open at a moment.

    Attributes:
        named: texts in the parameters and digests in them: artefacts, bundles, versions of data
            sets, also by a beginning of their digest.
        files: of the bundles among them, and what their lineage names.
        runs: runs that the jobs do.
    """

    named: frozenset[str]
    files: frozenset[str]
    runs: frozenset[str]


def reach_of(connection: Connection, holder: str, *, now: datetime) -> Reach:
    """What the jobs that a token holds now open to it."""
    mine = connection.execute(
        select(JOBS.c.job_id, JOBS.c.parameters).where(
            JOBS.c.holder == holder, JOBS.c.status == "leased", JOBS.c.lease_until > now
        )
    ).all()
    words = frozenset(word for row in mine for word in _words(row.parameters))
    named = words | digests_in(" ".join(words))
    models = connection.execute(
        select(MODELS.c.manifest, MODELS.c.lineage).where(MODELS.c.bundle_id.in_(named))
    ).all()
    files = digests_in(json.dumps([[row.manifest, row.lineage] for row in models]))
    runs = {str(row.job_id) for row in mine}
    runs |= {str(row.parameters["run_id"]) for row in mine if row.parameters.get("run_id")}
    return Reach(named, files, frozenset(runs))


def has_sent(connection: Connection, sha256: str, holder: str) -> bool:
    """Whether a token has sent every byte of an artefact."""
    return is_holder(connection, sha256, holder)


def digests_in(text: str) -> frozenset[str]:
    """Every sha256 that a text names."""
    return frozenset(DIGEST.findall(text))


def _words(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inside in value.values() if isinstance(value, dict) else value:
            yield from _words(inside)
