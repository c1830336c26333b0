"""Keys depend on the value alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.canon import canonical, key

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), values))
def test_the_order_of_keys_does_not_matter(value: dict[str, object]) -> None:
    assert key(value) == key(dict(reversed(value.items())))


def test_the_bytes_are_fixed() -> None:
    assert canonical({"b": (1, 2.5), "a": "é"}) == '{"a":"é","b":[1,2.5]}'.encode()
    assert key({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_nan_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical(float("nan"))
