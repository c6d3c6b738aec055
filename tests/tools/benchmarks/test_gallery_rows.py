import numpy as np
import pytest

from tools.benchmarks import gallery_rows


@pytest.mark.train
def test_the_int8_product_finds_the_same_nearest_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed (extra train)")
    monkeypatch.setattr(gallery_rows, "NUM_ROWS", 400)
    rows, looks = gallery_rows._family_rows()
    session, scale = gallery_rows._int8_session(rows)
    codes = (np.clip(np.round(looks * scale), -127, 127) + 128).astype(np.uint8)
    (near,) = session.run(None, {"queries": codes})
    nearest = np.argmax(looks @ rows.T, axis=1)
    assert (near == nearest[:, None]).any(axis=1).all()
