"""Loaders: made files for every way a file can be wrong, a local server, real files where present."""

import gzip
import hashlib
import http.server
import os
import threading
from functools import partial

import numpy as np
import pytest

from neurosparse import data
from neurosparse.data import idx, loader
from neurosparse.data.registry import File, Source

IMAGES = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
LABELS = np.array([7, 1], dtype=np.uint8)
IMAGES_NAME, LABELS_NAME = "made-images-idx3-ubyte.gz", "made-labels-idx1-ubyte.gz"


def encode(array, code=0x08) -> bytes:
    return bytes([0, 0, code, array.ndim]) + np.array(array.shape, ">u4").tobytes() + array.tobytes()


def registry(images=IMAGES, labels=LABELS, mirrors=("http://127.0.0.1:9/",), **md5):
    """A registry with one made data set, whose MD5s are right unless given."""
    right = [hashlib.md5(encode(array)).hexdigest() for array in (images, labels)]
    files = File(IMAGES_NAME, md5.get("images_md5", right[0])), File(LABELS_NAME, right[1])
    return {"made": Source({"test": files}, mirrors, "CC0", "this test")}


def write(folder, images=IMAGES, labels=LABELS):
    """Both files of the made set below `folder`; returns the path of the images."""
    (folder / "made").mkdir(parents=True, exist_ok=True)
    (folder / "made" / LABELS_NAME).write_bytes(gzip.compress(encode(labels)))
    path = folder / "made" / IMAGES_NAME
    path.write_bytes(gzip.compress(encode(images)))
    return path


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """A folder named by NEUROSPARSE_DATA."""
    monkeypatch.setenv("NEUROSPARSE_DATA", str(tmp_path))
    return tmp_path


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty user cache, NEUROSPARSE_DATA not set, and no proxy before the local server."""
    monkeypatch.delenv("NEUROSPARSE_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr("platformdirs.user_cache_dir", lambda *a, **k: str(tmp_path / "cache"))
    return tmp_path / "cache" / "data"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@pytest.fixture
def server(tmp_path):
    """The address of a local server, and the folder that it serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as httpd:
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{httpd.server_port}/", folder
        httpd.shutdown()
        thread.join()


# ---- right files --------------------------------------------------------------------------------------


def test_load_gives_the_made_set(chosen):
    write(chosen)
    images, labels, name = data.load("made", registry=registry())
    assert np.array_equal(images, IMAGES)
    assert np.array_equal(labels, LABELS)
    assert images.dtype == labels.dtype == np.uint8
    assert name == "made"


def test_md5_is_that_of_the_decompressed_bytes(chosen):
    path = write(chosen)
    path.write_bytes(gzip.compress(encode(IMAGES), compresslevel=1, mtime=12345))
    assert np.array_equal(data.load("made", registry=registry()).images, IMAGES)
    path.write_bytes(encode(IMAGES))  # not compressed at all
    assert np.array_equal(data.load("made", registry=registry()).images, IMAGES)


def test_idx_reads_big_endian_types(tmp_path):
    for code, dtype in ((0x0C, ">i4"), (0x0E, ">f8"), (0x09, "i1")):
        array = np.array([[1, -2, 3]], dtype)
        (tmp_path / "a").write_bytes(encode(array, code))
        read = idx.read(tmp_path / "a")
        assert np.array_equal(read, array)
        assert read.dtype.isnative


def test_digits_are_embedded_and_keep_their_values():
    images, labels, name = data.load("digits")
    assert images.shape == (1797, 8, 8)
    assert images.dtype == labels.dtype == np.uint8
    assert images.max() == 16
    assert np.bincount(labels).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert name == "digits"
    with pytest.raises(ValueError, match="read-only"):
        images[0, 0, 0] = 1


def test_folder_is_the_variable_else_the_cache(cache, monkeypatch):
    assert data.folder() == cache
    monkeypatch.setenv("NEUROSPARSE_DATA", str(cache / "x"))
    assert data.folder() == cache / "x"


# ---- wrong files --------------------------------------------------------------------------------------


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(
        ValueError,
        match="name must be one of digits, mnist, fashion-mnist, got 'minst'; did you mean 'mnist'",
    ):
        data.load("minst")
    with pytest.raises(ValueError, match="part of mnist must be one of train, test"):
        data.load("mnist", "tset")
    with pytest.raises(ValueError, match="part of digits must be one of test, got 'train'"):
        data.load("digits", "train")


def damage_md5(path):
    changed = IMAGES.copy()
    changed[0, 0, 0] = 99
    path.write_bytes(gzip.compress(encode(changed)))


def damage_magic(path):
    path.write_bytes(gzip.compress(b"<html>not found</html>"))


def damage_cut_gzip(path):
    path.write_bytes(path.read_bytes()[:-12])


def damage_broken_gzip(path):
    path.write_bytes(path.read_bytes()[:10] + b"\xff" * 20)


def damage_cut_idx(path):
    path.write_bytes(gzip.compress(encode(IMAGES)[:-5]))


def damage_cut_header(path):
    path.write_bytes(gzip.compress(encode(IMAGES)[:9]))


def damage_too_long(path):
    path.write_bytes(gzip.compress(encode(IMAGES) + b"\0"))


def damage_empty(path):
    path.write_bytes(b"")


def damage_remove(path):
    path.unlink()


def damage_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    "damage, message",
    [
        (damage_md5, "must have the decompressed MD5 [0-9a-f]{32}, got '[0-9a-f]{32}'"),
        (damage_magic, "must start with an IDX magic number .*, got b'<htm'"),
        (damage_cut_gzip, "must be a whole gzip file"),
        (damage_broken_gzip, "must be a whole gzip file"),
        (damage_cut_idx, r"must hold 40 bytes for its shape \(2, 3, 4\), got '35 bytes'"),
        (damage_cut_header, "must hold 16 bytes of header, got '9 bytes'"),
        (damage_too_long, "must hold 40 bytes for its shape .*, got '41 bytes'"),
        (damage_empty, "must start with an IDX magic number"),
        (damage_remove, "must exist, got 'no such file'"),
        (damage_folder, "must be a readable file"),
    ],
)
def test_wrong_files_name_file_folder_and_remedy(chosen, damage, message):
    path = write(chosen)
    damage(path)
    with pytest.raises(data.DataError, match=message) as caught:
        data.load("made", registry=registry())
    assert str(path) in str(caught.value)
    assert f"put {IMAGES_NAME} from http://127.0.0.1:9/ into {chosen / 'made'}" in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_mismatch_of_images_and_labels(chosen):
    labels = LABELS[:1]
    write(chosen, labels=labels)
    with pytest.raises(data.DataError, match=r"must have one length, got '2 images and 1 labels'; put .* and .* from"):
        data.load("made", registry=registry(labels=labels))


def test_images_must_have_three_dimensions(chosen):
    write(chosen, images=IMAGES[0])
    with pytest.raises(data.DataError, match=r"must hold uint8 values of 3 dimensions, got 'uint8 \(3, 4\)'"):
        data.load("made", registry=registry(images=IMAGES[0]))


# ---- downloads ----------------------------------------------------------------------------------------


def test_missing_files_are_downloaded_once_into_the_cache(cache, server):
    address, served = server
    write(served)
    entries = registry(mirrors=("http://127.0.0.1:9/", address + "made/"))  # the first mirror is down
    assert np.array_equal(data.load("made", registry=entries).images, IMAGES)
    assert sorted(os.listdir(cache / "made")) == [IMAGES_NAME, LABELS_NAME]
    (served / "made" / IMAGES_NAME).unlink()
    assert np.array_equal(data.load("made", registry=entries).images, IMAGES)


def test_a_wrong_download_is_not_kept(cache, server):
    address, served = server
    damage_md5(write(served))
    with pytest.raises(data.DataError, match=r"could not be downloaded \(DataError: .*\); put made-images") as caught:
        data.load("made", registry=registry(mirrors=(address + "made/",)))
    assert "must have the decompressed MD5" in str(caught.value.__cause__)
    assert os.listdir(cache / "made") == []


def test_no_network_names_the_folder_and_the_variable(cache):
    with pytest.raises(data.DataError, match=r"is not in .* and could not be downloaded") as caught:
        data.load("made", registry=registry())
    message = str(caught.value)
    assert f"put {IMAGES_NAME} from http://127.0.0.1:9/ into {cache / 'made'}" in message
    assert "or set NEUROSPARSE_DATA" in message
    assert "could not be downloaded (ConnectionError: " in message
    assert len(message.partition("(ConnectionError: ")[2].partition("); put ")[0]) <= 100
    assert "ConnectionError" in str(caught.value.__cause__)


def test_nothing_is_downloaded_when_the_variable_is_set(chosen, monkeypatch):
    monkeypatch.setattr(loader, "_download", lambda *a: pytest.fail("tried to download"))
    with pytest.raises(data.DataError, match="must exist"):
        data.load("made", registry=registry())


# ---- real files ---------------------------------------------------------------------------------------


@pytest.mark.data
@pytest.mark.parametrize("name", ["mnist", "fashion-mnist"])
@pytest.mark.parametrize("part, n", [("train", 60_000), ("test", 10_000)])
def test_real_files_are_the_published_ones(name, part, n):
    chosen = os.environ.get("NEUROSPARSE_DATA", "")
    if not (chosen and (data.folder() / name).is_dir()):
        pytest.skip(f"NEUROSPARSE_DATA does not name a folder that holds {name}")
    images, labels, _ = data.load(name, part)
    assert images.shape == (n, 28, 28)
    assert np.array_equal(np.unique(labels), np.arange(10))


@pytest.mark.data
def test_the_first_mnist_test_digit_is_the_seven():
    if not (os.environ.get("NEUROSPARSE_DATA") and (data.folder() / "mnist").is_dir()):
        pytest.skip("NEUROSPARSE_DATA does not name a folder that holds mnist")
    images, labels, _ = data.load("mnist")
    assert labels[:5].tolist() == [7, 2, 1, 0, 4]
    assert np.count_nonzero(images) / len(images) == pytest.approx(151, abs=1)  # non-zero pixels of an image
