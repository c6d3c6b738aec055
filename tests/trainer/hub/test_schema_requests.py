"""Schemathesis on the whole OpenAPI document: whatever a form lets pass, the hub answers for it.

A failure of ours comes up as the exception itself: the client raises what the application raised.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fakes.people_hub import PeopleHub, people_hub
from trainer.store.api_tokens import Role

FEW, MANY = 120, 10_000  # requests over all operations together
LEFT_OUT = {"/api/v1/session"}  # a login is answered slowly on purpose


@pytest.fixture(autouse=True)
def subnormal_numbers() -> None:
    """An ONNX Runtime session of an earlier test rounds them to zero in this thread."""
    pytest.importorskip("torch").set_flush_denormal(False)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PeopleHub]:
    with people_hub(tmp_path_factory.mktemp("hub")) as opened:
        opened.ok(Role.ADMIN, "POST", "/skus", {"sku_id": "0", "names": {"en": "A"}})
        opened.ok(Role.ADMIN, "POST", "/stores", {"store_id": "0", "name": "A"})
        yield opened


def every_request(hub: PeopleHub) -> st.SearchStrategy[Any]:
    """Any request of any operation that people have."""
    schema = schemathesis.openapi.from_dict(hub.document())
    found = [operation.ok() for operation in schema.get_all_operations()]
    people = [o for o in found if o.path.startswith("/api/") and o.path not in LEFT_OUT]
    assert len(people) > 100
    return st.sampled_from(people).flatmap(lambda operation: operation.as_strategy())


def send(hub: PeopleHub, case: Any) -> int:
    """The status of a generated request, sent with an administrator's token."""
    said = case.as_transport_kwargs(base_url="http://hub")
    kept = {k: said[k] for k in ("method", "url", "params", "json", "data") if said.get(k)}
    if isinstance(kept.get("data"), bytes | str):
        kept["content"] = kept.pop("data")
    headers = {str(k): str(v) for k, v in (case.headers or {}).items()}
    headers["Authorization"] = f"Bearer {hub.tokens[Role.ADMIN]}"
    return hub.client.request(headers=headers, follow_redirects=False, **kept).status_code


def run(hub: PeopleHub, num: int) -> dict[int, int]:
    """How many answers of each status `num` requests got."""
    answers: dict[int, int] = {}

    @settings(
        max_examples=num, derandomize=True, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(every_request(hub))
    def ask(case: Any) -> None:
        status = send(hub, case)
        answers[status] = answers.get(status, 0) + 1

    ask()
    return answers


def test_no_request_of_the_right_form_breaks_the_hub(hub: PeopleHub) -> None:
    answers = run(hub, FEW)
    assert not [status for status in answers if status >= 500]
    assert sum(answers.values()) >= FEW


@pytest.mark.slow
def test_many_requests_of_the_right_form_do_not_break_it_either(hub: PeopleHub) -> None:
    answers = run(hub, MANY)
    assert not [status for status in answers if status >= 500]
