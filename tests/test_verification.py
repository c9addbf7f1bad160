"""A share of calls is computed by the reference, too; a kernel whose result breaks the contract is taken out of use."""

import numpy as np
import pytest

import acm_dispatch
from acm_dispatch import Backend, ConfigurationError, DispatchWarning, use
from acm_dispatch.execution import sampling
from acm_dispatch.execution.verification import difference

X = np.arange(12.0).reshape(4, 3)


@pytest.fixture
def planted():
    """A backend whose impute gives whatever `wrong` makes of the right result, and how often it ran."""
    backend = Backend("planted")
    state = {"calls": 0, "wrong": lambda x: x + 1}

    @backend.kernel("impute")
    def impute(x, fill, missing):
        state["calls"] += 1
        return state["wrong"](x.copy())

    acm_dispatch.register_backend(backend)
    yield state
    acm_dispatch.unregister_backend("planted")


def test_a_wrong_result_is_caught_and_the_right_one_given(planted):
    with use("planted", verify=1, fallback="warn"), acm_dispatch.trace() as trace:
        with pytest.warns(DispatchWarning, match="planted/impute|planted") as caught:
            np.testing.assert_array_equal(acm_dispatch.impute(X), X)
        assert caught[0].filename == __file__
        assert "differs from the reference in 12 of 12 numbers, by up to 1" in str(caught[0].message)
        np.testing.assert_array_equal(acm_dispatch.impute(X), X)
        assert planted["calls"] == 1, "out of use from then on"
        assert "differs from the reference" in acm_dispatch.explain("impute", X).verdicts["planted"]
    assert any(record.wrong and "differs from the reference" in record.outcome for record in trace.records)


def test_a_right_result_within_the_tolerance_passes(planted):
    planted["wrong"] = lambda x: x * (1 + 1e-12)
    with use("planted", verify=1):
        acm_dispatch.impute(X)
        acm_dispatch.impute(X)
    assert planted["calls"] == 2


def test_calls_are_counted_not_drawn(planted, monkeypatch):
    planted["wrong"] = lambda x: x
    verified = []
    monkeypatch.setattr(sampling, "difference", lambda *arguments: verified.append(1))
    monkeypatch.setattr(sampling, "_calls", iter(range(1000)))
    with use("planted", verify=0.1):
        for _ in range(100):
            acm_dispatch.impute(X)
    assert len(verified) == 10


def test_nothing_is_around_a_kernel_while_it_is_off(planted):
    planted["wrong"] = lambda x: x
    with use("planted"):
        assert acm_dispatch.impute.plan(X).call.__module__ != sampling.__name__
    with use("planted", verify=1):
        assert acm_dispatch.impute.plan(X).call.__module__ == sampling.__name__


@pytest.mark.parametrize("value", [-1, 2, 1e-9, "often", True])
def test_a_share_that_is_none_is_refused(value):
    with pytest.raises(ConfigurationError, match="verify is"):
        use(verify=value)


@pytest.mark.parametrize(
    ("result", "text"),
    [
        ((X, X), "gives 2 results"),
        (X.astype("float32"), "gives float32"),
        (X[:2], "gives float64 of shape"),
        (np.where(X == 5, np.nan, X), "in 1 of 12 numbers"),
    ],
)
def test_every_way_to_break_a_contract_is_a_sentence(result, text):
    contract = acm_dispatch.impute.operation
    assert text in difference(contract, [X, None, "nonfinite"], result, X, "float64")
    assert difference(contract, [X, None, "nonfinite"], X + 1e-14, X, "float64") is None
