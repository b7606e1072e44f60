"""The cochlea: tones in the right channels, envelopes of known amplitude, counts by hand, mistakes refused."""

import os

import numpy as np
import pytest

from neurosparse import cochlea, encode
from neurosparse.cochlea import Cochlea

P = Cochlea(n=8, low=200.0, high=3000.0, floor=0.01, threshold=0.1, onset=0.0)
F = cochlea.centres(8, 200.0, 3000.0)


def tone(f, rate=8000.0, seconds=0.1, amplitude=1.0):
    return amplitude * np.sin(2.0 * np.pi * f * np.arange(int(rate * seconds)) / rate)


def test_centres_are_equally_many_erbs_apart():
    erbs = 21.4 * np.log10(1.0 + 0.00437 * F)
    np.testing.assert_allclose(np.diff(erbs), np.diff(erbs)[0])
    np.testing.assert_allclose(F[[0, -1]], [200.0, 3000.0])
    assert 21.4 * np.log10(1.0 + 0.00437 * 1000.0) == pytest.approx(15.6, abs=0.05)  # ERBs below 1 kHz
    np.testing.assert_allclose(cochlea.centres(1, 100.0, 200.0), [100.0])


@pytest.mark.parametrize("channel", range(8))
def test_a_tone_excites_its_channel_most(channel):
    waves = [tone(F[channel], amplitude=0.2)]
    loud = cochlea.cochleagram(waves, 8000.0, 10, 10.0, P)[0]
    count = cochlea.spikes(waves, 8000.0, 10, 10.0, P)[0].sum(axis=0)
    assert loud[-1].argmax() == channel
    assert count[channel] == count.max() >= 10
    away = np.abs(np.arange(8) - channel)
    assert loud[-1, away == 1].max() < 0.4 < 0.9 < loud[-1, channel]
    assert loud[-1, away > 1].max() < 0.12


@pytest.mark.parametrize("rate", [8000.0, 16000.0, 44100.0])
def test_a_steady_tone_has_its_amplitude(rate):
    """At full scale L is 1, a tenth below it what the logarithm says; the ripple of the rectified tone is small."""
    p = P._replace(tau=20.0)
    t = np.arange(int(0.4 * rate)) / rate
    loud = cochlea.cochleagram([np.sin(2 * np.pi * F[5] * t)], rate, 40, 10.0, p)[0, -1, 5]
    assert loud == pytest.approx(1.0, abs=0.01)
    both = np.where(t < 0.2, 1.0, 0.1) * np.sin(2 * np.pi * F[5] * t)
    loud = cochlea.cochleagram([both], rate, 40, 10.0, p)[0, [19, 39], 5]
    np.testing.assert_allclose(loud, [1.0, np.log(1 + 0.1 / 0.01) / np.log(1 + 1 / 0.01)], atol=0.01)


def test_silence_excites_none():
    silent = [np.zeros(800), np.zeros(0), np.zeros(3)]
    assert cochlea.spikes(silent, 8000.0, 10, 10.0, P).max() == 0
    assert cochlea.cochleagram(silent, 8000.0, 10, 10.0, P).max() == 0.0
    assert cochlea.spikes([], 8000.0, 10).shape == (0, 10, 40)


def test_counts_are_those_of_an_integrator():
    waves = [tone(440.0) * np.linspace(0.0, 1.0, 800), tone(1000.0)]
    p = P._replace(gain=700.0, threshold=0.2)
    loud = cochlea.cochleagram(waves, 8000.0, 10, 5.0, p)
    count = cochlea.spikes(waves, 8000.0, 10, 5.0, p)
    assert (count.dtype, count.shape) == (np.uint8, (2, 10, 8))
    for k in range(2):
        for channel in range(8):
            charge, spikes = 0.0, []
            for level in loud[k, :, channel]:
                charge += 700.0 * 0.005 * max(level - 0.2, 0.0)
                spikes.append(int(charge))
                charge -= int(charge)
            assert count[k, :, channel].tolist() == spikes
    assert count.max() >= 2


def test_spikes_do_not_depend_on_scale_batch_or_what_comes_later():
    x = np.random.default_rng(3).normal(size=(40, 400))
    whole = cochlea.spikes(x, 8000.0, 10, 5.0, P)
    assert np.array_equal(whole[[7, 35]], cochlea.spikes([x[7] * 4, x[35] / 8], 8000.0, 10, 5.0, P))
    assert np.array_equal(whole[:, :4], cochlea.spikes(x, 8000.0, 4, 5.0, P))
    assert whole.any()


def test_a_wave_begins_at_its_onset():
    x = tone(1000.0)
    late = np.concatenate([np.full(123, 0.05), x])
    heard = P._replace(onset=0.1)
    first = np.argmax(np.abs(x) >= 0.1 * np.abs(x).max())
    want = cochlea.cochleagram([x[first:]], 8000.0, 8, 10.0, P)
    assert np.array_equal(cochlea.cochleagram([late], 8000.0, 8, 10.0, heard), want)
    assert not np.array_equal(cochlea.cochleagram([late], 8000.0, 8, 10.0, P), want)


def test_levels_feed_the_encoders_of_the_library():
    loud = cochlea.cochleagram([tone(1000.0)], 8000.0, 10, 10.0, P)[0]
    on = encode.dense(encode.delta(np.concatenate([np.zeros((1, 8)), loud]), 0.1), 16)[:, :8].sum(axis=0)
    assert on.argmax() == loud[-1].argmax()
    count = cochlea.spikes([tone(1000.0)], 8000.0, 10, 10.0, P)[0]
    assert encode.from_dense(count).index.size == np.count_nonzero(count)


@pytest.mark.parametrize("changed, error, message", [
    ({"waves": np.ones(3)}, ValueError, r"a wave must have shape \(n_samples,\), got \(\)"),
    ({"waves": [np.ones((3, 2))]}, ValueError, r"a wave must have shape \(n_samples,\), got \(3, 2\); take one channel"),
    ({"waves": [np.array([1.0, np.nan])]}, ValueError, "a wave must be a finite number"),
    ({"waves": "abc"}, TypeError, "waves must be a sequence of arrays"),
    ({"waves": 3}, TypeError, "waves must be a sequence of arrays, got 3; of one wave it is"),
    ({"rate": 0.0}, ValueError, "rate must be > 0 Hz"),
    ({"rate": 4000.0}, ValueError, "high must be below half the rate, 2000 Hz, got 3000.0"),
    ({"dt": 0.0}, ValueError, "dt must be > 0 ms"),
    ({"dt": 0.01}, ValueError, "dt must be a sample or more, 0.125 ms, got 0.01"),
    ({"dt": 2000.0}, ValueError, "gain . dt must be at most 255 spikes in a step, got 400.0; take a smaller dt"),
    ({"n_steps": 0}, ValueError, "n_steps must be in"),
    ({"p": 3}, TypeError, "p must be a Cochlea, got 3"),
    ({"p": P._replace(tau=0.0)}, ValueError, "tau must be > 0 ms"),
    ({"p": P._replace(floor=0.0)}, ValueError, "floor must be > 0"),
    ({"p": P._replace(onset=2.0)}, ValueError, "onset must be in"),
    ({"p": P._replace(gain=-1.0)}, ValueError, "gain must be > 0 Hz"),
    ({"p": P._replace(threshold=-1.0)}, ValueError, "threshold must be >= 0.0"),
    ({"p": P._replace(n=0)}, ValueError, "n must be in"),
    ({"p": P._replace(low=0.0)}, ValueError, "low must be > 0 Hz"),
    ({"p": P._replace(low=3000.0)}, ValueError, "high must be > low, 3000.0 Hz, got 3000.0"),
])  # fmt: skip
def test_wrong_arguments(changed, error, message):
    good = {"waves": [np.ones(80)], "rate": 8000.0, "n_steps": 1, "dt": 10.0, "p": P}
    with pytest.raises(error, match=f"^cochlea.(spikes|cochleagram|centres): {message}"):
        cochlea.spikes(**(good | changed))


@pytest.mark.data
def test_spoken_digits_are_told_apart_by_their_counts():
    """Nearest mean of two speakers' training counts, in seven pieces of time, on the published test recordings."""
    from neurosparse.data import folder, speech

    if not (os.environ.get("NEUROSPARSE_DATA") and (folder() / "fsdd.tar.xz").exists()):
        pytest.skip("NEUROSPARSE_DATA does not name a folder that holds fsdd.tar.xz")
    found = speech.load_speech()
    chosen = np.flatnonzero(np.isin(found.speakers, ["george", "theo"]) & (found.numbers < 15))
    count = cochlea.spikes([found.waves[k] for k in chosen], found.rate, 70, p=Cochlea(n=20))
    x = count.reshape(len(chosen), 7, 10, 20).sum(axis=2).reshape(len(chosen), 140).astype(float)
    labels, test = found.labels[chosen], found.numbers[chosen] < 5
    means = np.stack([x[(labels == digit) & ~test].mean(axis=0) for digit in range(10)])
    guess = ((x[test, None] - means) ** 2).sum(axis=2).argmin(axis=1)
    assert (guess == labels[test]).mean() > 0.6
