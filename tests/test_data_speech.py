"""Spoken digits: made archives in every state, the real one where present."""

import hashlib
import io
import os
import tarfile
import wave

import numpy as np
import pytest

from neurosparse.data import DataError, folder, speech

Q = {"recordings/3_ann_0.wav": [0, 1, -1, 32767, -32768], "recordings/7_ann_12.wav": [5], "recordings/1_bob_0.wav": [2]}


def written(samples, channels=1, width=2, rate=100) -> bytes:
    """A wav file of whole numbers."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(b"".join(int(q).to_bytes(width, "little", signed=width > 1) for q in samples))
    return out.getvalue()


def files(**changed) -> dict:
    """The members of the made archive, after what is changed; the list is made of them."""
    members = {name: written(samples) for name, samples in Q.items()} | {"README.md": b"words"}
    members |= {f"recordings/{name}.wav": content for name, content in changed.items()}
    lines = (f"{hashlib.sha256(content).hexdigest()}  ./{name}\n" for name, content in members.items())
    return members | {"SHA256SUMS": "".join(lines).encode()}


def registry(members=None):
    listed = hashlib.sha256((members or files())["SHA256SUMS"]).hexdigest()
    return {"made": speech.Spoken("made.tar.xz", listed, 100, "CC0", "this test")}


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Writes a made archive into a folder named by NEUROSPARSE_DATA."""
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    speech._decoded.cache_clear()

    def write(members=None, how="w:xz"):
        path = tmp_path / "made.tar.xz"
        with tarfile.open(path, how) as archive:
            inner = tarfile.TarInfo("made")
            inner.type = tarfile.DIRTYPE
            archive.addfile(inner)
            for name, content in (files() if members is None else members).items():
                info = tarfile.TarInfo(f"made/{name}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
        return path

    yield write
    speech._decoded.cache_clear()


@pytest.mark.parametrize("how", ["w:xz", "w:gz", "w"])
def test_recordings_by_hand(chosen, how):
    chosen(how=how)
    found = speech.load_speech("made", registry())
    assert found.labels.tolist() == [3, 7, 1]
    assert found.speakers.tolist() == ["ann", "ann", "bob"]
    assert found.numbers.tolist() == [0, 12, 0]
    assert (found.rate, found.name) == (100, "made")
    assert [(one * 32768).tolist() for one in found.waves] == [[0, 1, -1, 32767, -32768], [5], [2]]
    assert {one.dtype for one in found.waves} == {np.dtype(np.float32)}
    with pytest.raises(ValueError, match="read-only"):
        found.waves[0][0] = 1


def test_the_archive_is_read_once_and_anew_when_it_changes(chosen, monkeypatch):
    path = chosen()
    first = speech.load_speech("made", registry())
    with monkeypatch.context() as patch:
        patch.setattr(tarfile, "open", lambda *a: pytest.fail("read again"))
        assert speech.load_speech("made", registry()) is first
    os.utime(path, ns=(1, 1))
    assert speech.load_speech("made", registry()) is not first


def test_what_the_list_does_not_name_is_left_out(chosen):
    listed = files()
    chosen(listed | {"recordings/5_eve_0.wav": written([9])})
    assert speech.load_speech("made", registry(listed)).labels.tolist() == [3, 7, 1]


GOOD = written([1, 2, 3])


@pytest.mark.parametrize("content, message", [
    (b"", "must be a whole wav file, got 'its end comes too soon'"),
    (b"plain text, and some more of it", "must be a whole wav file, got 'file does not start with RIFF id'"),
    (GOOD[:30], "must be a whole wav file, got 'its end comes too soon'"),
    (GOOD[:-2], "must hold its 3 samples, one or more, got '2'"),
    (written([]), "must hold its 0 samples, one or more, got '0'"),
    (written([1, 2], channels=2), "must have 1 channel of 16 bits at 100 Hz, got '2 of 16 bits at 100 Hz'"),
    (written([1], width=1), "must have 1 channel of 16 bits at 100 Hz, got '1 of 8 bits at 100 Hz'"),
    (written([1], rate=44100), "must have 1 channel of 16 bits at 100 Hz, got '1 of 16 bits at 44100 Hz'"),
])  # fmt: skip
def test_wrong_wav_files_name_file_and_remedy(chosen, content, message):
    members = files(**{"3_ann_0": content})
    path = chosen(members)
    with pytest.raises(
        DataError, match=rf"^data.load_speech: recordings/3_ann_0\.wav in .*{message}; put made.tar"
    ) as caught:
        speech.load_speech("made", registry(members))
    assert str(path) in str(caught.value)


def test_wrong_archives_name_file_and_remedy(chosen):
    whole = files()
    for members, message in (
        ({name: content for name, content in whole.items() if name != "SHA256SUMS"}, "SHA256SUMS in .* the SHA-256 "),
        (whole | {"SHA256SUMS": whole["SHA256SUMS"] + b"\n"}, "SHA256SUMS in .* must have the SHA-256 "),
        (whole | {"recordings/7_ann_12.wav": written([6])}, r"recordings/7_ann_12\.wav in .* must have the SHA-256 "),
        ({n: c for n, c in whole.items() if "bob" not in n}, "bob_0.wav in .* must have the SHA-256 .*'no such file'"),
    ):
        chosen(members)
        with pytest.raises(DataError, match=f"^data.load_speech: .*{message}.*; put made.tar.xz into "):
            speech.load_speech("made", registry())
    empty = {"README.md": b"words", "SHA256SUMS": f"{hashlib.sha256(b'words').hexdigest()}  README.md".encode()}
    chosen(empty)
    with pytest.raises(DataError, match=r"must hold files recordings/digit_speaker_number.wav, got \['README.md'\]"):
        speech.load_speech("made", registry(empty))


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", "cut", "spoilt"])
def test_damaged_archives(chosen, content):
    path = chosen()
    whole = path.read_bytes()
    path.write_bytes({"cut": whole[:150], "spoilt": whole[:40] + b"\xff" * 40}.get(content, content))
    with pytest.raises(DataError, match=r"made\.tar\.xz must be a whole tar archive, got .*; put made\.tar\.xz"):
        speech.load_speech("made", registry())


def test_a_missing_archive_names_the_folder(chosen, tmp_path):
    with pytest.raises(DataError, match=r"must exist, got 'no such file'; put .* or set NEUROSPARSE_DATA") as caught:
        speech.load_speech("made", registry())
    assert f"into {tmp_path}" in str(caught.value)
    (tmp_path / "made.tar.xz").mkdir()
    with pytest.raises(DataError, match="must be a readable file, got 'Is a directory'"):
        speech.load_speech("made", registry())
    with pytest.raises(ValueError, match="load_speech: name must be one of fsdd, got 'fsd'; did you mean 'fsdd'"):
        speech.load_speech("fsd")


@pytest.mark.data
def test_fsdd_is_the_published_one():
    if not (os.environ.get("NEUROSPARSE_DATA") and (folder() / "fsdd.tar.xz").exists()):
        pytest.skip("NEUROSPARSE_DATA does not name a folder that holds fsdd.tar.xz")
    found = speech.load_speech()
    assert np.bincount(found.labels).tolist() == [300] * 10
    assert sorted(set(found.speakers)) == ["george", "jackson", "lucas", "nicolas", "theo", "yweweler"]
    assert len(set(zip(found.speakers, found.labels, found.numbers))) == 3000
    assert (found.numbers.min(), found.numbers.max()) == (0, 49)
    seconds = np.array([one.size for one in found.waves]) / found.rate
    assert (seconds.min(), seconds.max()) == (0.1435, 2.28275)
    assert max(float(np.abs(one).max()) for one in found.waves) <= 1.0
