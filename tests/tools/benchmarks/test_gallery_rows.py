import pytest

from tools.benchmarks import gallery_rows


def test_the_search_as_served_and_the_plain_product_name_what_faiss_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pytest.importorskip("faiss", reason="faiss comes with the extra [bench]")
    monkeypatch.setattr(gallery_rows, "NUM_ROWS", 400)
    rows = gallery_rows.gallery_rows(repeats=1)
    assert len(rows) == 3
    assert all(row.note.startswith("same top-1 in 1000 of 1000") for row in rows)
