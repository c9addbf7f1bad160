"""What a notebook shows of calls, choices and settings."""

import re

import numpy as np
import pytest

import acm_dispatch as acm
from acm_dispatch.policy.resolved import Config

X = np.random.default_rng(0).normal(size=(50, 3))


def cells(html):
    return re.findall(r"<td>(.*?)</td>", html)


def test_a_trace_is_a_table_with_a_row_for_each_call():
    with acm.use("numpy"), acm.trace() as seen:
        acm.zscore(X)
        acm.impute(X)
    shown = cells(seen._repr_html_())
    assert shown[:4] == ["zscore", "50x3", "float64", "numpy"]
    assert shown[6:10] == ["impute", "50x3", "float64", "numpy"]


def test_a_trace_as_a_frame_has_the_records_fields():
    with acm.use("numpy"), acm.trace() as seen:
        acm.zscore(X)
    frame = seen.to_pandas()
    assert list(frame.columns) == list(seen.records[0]._fields)
    assert frame.loc[0, "operation"] == "zscore"
    assert frame.loc[0, "seconds"] == seen.records[0].seconds
    with acm.trace() as nothing:
        pass
    assert nothing.to_pandas().shape == (0, len(frame.columns))


def test_an_explanation_names_every_backend():
    explanation = acm.explain("zscore", X)
    shown = cells(explanation._repr_html_())
    assert shown[::2] == list(explanation.verdicts)
    assert "<caption>zscore (n = 50, d = 3;" in explanation._repr_html_()
    composed = acm.explain("kmeans", X, 2)
    assert composed._repr_html_().count("<caption>") == len(composed.parts)


def test_settings_are_escaped():
    with acm.use("numpy"):
        assert {"backends", "numpy", "use()"} <= set(cells(acm.config()._repr_html_()))
    html = Config((("backends", "<b>", "file a&b"),))._repr_html_()
    assert cells(html) == ["backends", "&lt;b&gt;", "file a&amp;b"]


def test_what_there_is_to_know_of_an_operation_is_text_and_tables():
    about = acm.info("zscore")
    assert about == acm.info(acm.zscore)
    shown = cells(about._repr_html_())
    assert shown[shown.index("shapes") + 1] == "n d, [d], [d] -&gt; n d"
    assert about._repr_html_().count("<caption>") == len(about.sections)
    assert repr(about).startswith("zscore: Each column as distances from its centre")
    assert cells(acm.info("kmeans")._repr_html_())[0] in acm.registry.compositions["kmeans"].operations


def test_what_there_is_names_every_operation():
    shown = cells(acm.info()._repr_html_())
    assert {*acm.registry.operations, *acm.registry.compositions} <= {*shown}
    with pytest.raises(acm.OperationNotFoundError, match="did you mean 'zscore'"):
        acm.info("zscor")


@pytest.fixture
def shell():
    interactive = pytest.importorskip("IPython.core.interactiveshell", reason="needs IPython").InteractiveShell
    yield interactive.instance()
    interactive.clear_instance()


@pytest.mark.filterwarnings("ignore")  # IPython's own
def test_the_cell_magic_runs_the_cell_and_shows_its_calls(shell):
    shell.extension_manager.load_extension("acm_dispatch.notebook")
    seen = shell.run_cell_magic("dispatch", "numpy", "import acm_dispatch as acm\nz = acm.zscore([[1.0], [2.0]])")
    assert [(record.operation, record.backend) for record in seen.records] == [("zscore", "numpy")]
    assert shell.user_ns["z"].shape == (2, 1)
    seen = shell.run_cell_magic("dispatch", "", "acm.impute([[1.0], [2.0]]);")
    assert [record.operation for record in seen.records] == ["impute"]
