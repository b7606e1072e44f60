"""The stream of sequences in noise and the two experiments on it: the stream by its law, the courses by the bands."""

import numpy as np
import pytest

from models import htm_stream
from neurosparse.io.config import ConfigError, build
from simulations import _streams, tm_stream, tm_trauma

PAPER, SMALL = htm_stream.Config(), htm_stream.tiny()


def blocks(x):
    """The sequences of six letters in a stream of whole periods."""
    return ["".join(x.letters[i : i + 6]) for i in range(3, len(x.letters), 10)]


def rows(x):
    return np.split(x.columns.indices, x.columns.indptr[1:-1])


def test_half_of_the_elements_can_be_expected():
    x = htm_stream.stream(SMALL, 400)
    assert np.all(x.expected.reshape(-1, 10) == (np.arange(10) >= 4) & (np.arange(10) <= 8))
    assert np.all((x.letters != ".").reshape(-1, 10) == (np.arange(10) >= 3) & (np.arange(10) <= 8))
    assert set(blocks(x)) == set(htm_stream.BEFORE)
    for five in (htm_stream.BEFORE, htm_stream.AFTER):
        assert len({name[0] for name in five}) == 5  # so the first letter tells the rest


def test_the_switch_is_after_its_element():
    x, y = htm_stream.stream(SMALL, 400, 203), htm_stream.stream(SMALL, 400)
    assert set(blocks(x)[:21]) <= set(htm_stream.BEFORE)  # the block that begins at 203 is still an old one
    assert set(blocks(x)[21:]) <= set(htm_stream.AFTER)
    assert blocks(x)[:21] == blocks(y)[:21]
    assert np.all(x.letters[:209] == y.letters[:209])


def test_letters_are_forty_contiguous_bits_and_noise_is_new():
    x = htm_stream.stream(PAPER, 40)
    assert (x.columns.n_rows, x.columns.n_cols) == (40, 2048)
    noise = set()
    for letter, row in zip(x.letters, rows(x)):
        assert len(row) == 40
        if letter == ".":
            assert np.all(np.diff(row) > 0)
            noise.add(tuple(row))
        else:
            assert row.tolist() == list(range(40 * (ord(letter) - 65), 40 * (ord(letter) - 64)))
    assert len(noise) == 16


def test_a_stream_is_reproduced_and_continued():
    long, short = htm_stream.stream(SMALL, 90), htm_stream.stream(SMALL, 47)
    other = htm_stream.stream(_streams.with_seed(SMALL, 1), 90)
    assert np.array_equal(long.columns.indices[: 47 * 8], short.columns.indices)
    assert np.array_equal(long.letters[:47], short.letters)
    assert not np.array_equal(long.columns.indices, other.columns.indices)


def test_smoothing_is_that_of_plain_loops():
    accuracy = htm_stream.accuracy(np.array([0, 4, 0, 5] * 40), np.array([0, 3, 0, 5] * 40))
    assert accuracy[:4].tolist() == [0, 0.75, 0, 1]
    am, kept, expected = 0.0, [], []
    for a in accuracy:
        am = 0.99 * am + 0.01 * a
        kept.append(am)
        expected.append(sum(kept[-60:]) / len(kept[-60:]))
    np.testing.assert_allclose(htm_stream.smoothed(accuracy), expected, rtol=1e-12)


def test_a_comparison_is_as_precise_as_its_band():
    inside = [_streams.row("", 0, "", ours, (0.31, 0.34, 2))["inside"] for ours in (0.304, 0.306, 0.344, 0.346)]
    assert inside == [False, True, True, False]


def test_letters_must_fit():
    with pytest.raises(ConfigError, match="n_columns must be at least 26 n_active, 1040"):
        build(htm_stream.Config, overrides=["n_columns=1000"])


def test_cells_die_before_the_end():
    with pytest.raises(ConfigError, match="at must be below n_steps, 9000, got 9000"):
        build(tm_trauma.Config, overrides=["at=9000"])


def test_results_do_not_depend_on_threads():
    config = tm_stream.tiny().model_copy(update={"n_steps": 60, "switch": 30})
    one, two = (tm_stream.run(config, threads) for threads in (1, 2))
    assert one.rows[:-5] == two.rows[:-5]
    assert np.array_equal(one.arrays["high_order"], two.arrays["high_order"])
    assert np.array_equal(one.arrays["first_order"], two.arrays["first_order"])


def test_anomaly_falls_after_four_presentations():
    found = [row["ours"] for row in tm_stream.anomaly_law(tm_stream.tiny())]
    assert found == [1, 1, 1, 1, pytest.approx(0.1)]


def test_without_deaths_nothing_changes():
    whole, hurt = _streams.follow(SMALL, 60), _streams.injured(SMALL, 60, 33, 0.0)
    assert np.array_equal(whole.smoothed, hurt.smoothed)
    assert whole[1:] == hurt[1:]
    assert _streams.injured(SMALL, 60, 33, 0.5).n_segments < whole.n_segments


@pytest.mark.slow
def test_the_course_of_the_stream():
    """About 12 s. Another run of the program that made the bands is inside the range of its five in two of three."""
    result = tm_stream.run(tm_stream.Config(n_seeds=3, n_first_order=1))
    assert result.metrics["points_inside"] >= 2 / 3
    assert result.metrics["anomaly_law"] == 1
    assert result.metrics["final_accuracy"] == pytest.approx(0.5, abs=1e-3)
    for row in result.rows:
        margin = {"accuracy": 0.005, "accuracy, first order": 0.02}.get(row["what"], np.inf)
        if row["run"].startswith("median"):
            assert row["low"] - margin <= row["ours"] <= row["high"] + margin, row
        if row["what"] in tm_stream.SIZES:
            assert row["inside"], row


@pytest.mark.slow
def test_what_grows_after_a_trauma_matters_and_before_it_does_not():
    """About 6 s: segments that predicted rightly and grow fire in other sequences, too, as 16 of 40 columns burst."""
    growing = PAPER.model_copy(update={"grow_predicted": True})
    few, all_ = (_streams.injured(c, 4000, 3500, 0.4).smoothed for c in (PAPER, growing))
    assert np.array_equal(few[:3500], all_[:3500])
    assert few[3500:].min() > all_[3500:].min() + 0.02


@pytest.mark.slow
def test_the_course_of_a_trauma():
    """About 12 s: the more cells die, the deeper the fall; most comes back in 3,500 elements."""
    result = tm_trauma.run(tm_trauma.Config(dead=(0.2, 0.5, 0.75), n_steps=7100, n_seeds=1))
    lowest = [result.metrics[f"lowest_{dead}"] for dead in ("0.2", "0.5", "0.75")]
    assert lowest[0] > 0.48
    assert lowest[0] > lowest[1] + 0.02 > lowest[2] + 0.12
    assert np.all(result.arrays["accuracy"][:, 0, 7000] > 0.46)
