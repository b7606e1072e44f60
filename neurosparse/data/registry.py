"""The data sets that are known by name: files, MD5 of the decompressed bytes, mirrors, licence, citation.

Add a data set of the IDX family by adding one `Source`. Layout on disk: `<folder>/<name>/<file>`. A set of recordings
is one `Recorded`, its archive lies at `<folder>/<archive>`; a time series is one `Table`, a corpus of them a `Corpus`.
"""

from typing import NamedTuple


class File(NamedTuple):
    """One file of a data set."""

    name: str
    md5: str  # of the decompressed bytes: gzip headers differ between mirrors


class Source(NamedTuple):
    """One data set: for each part its images and its labels."""

    parts: dict[str, tuple[File, File]]
    mirrors: tuple[str, ...]  # addresses of folders, each ends with a slash, tried in this order
    licence: str
    citation: str


class Recorded(NamedTuple):
    """One archive of recordings (`events`)."""

    archive: str
    parts: dict[str, File]  # the list of a part; the MD5 is that of the list and then its recordings, in its order
    shape: tuple[int, int, int]  # polarities, height, width
    licence: str
    citation: str


class Table(NamedTuple):
    """One CSV file of timestamps and values (`series`)."""

    file: str  # below the folder
    md5: str
    heading: int  # lines before the first record
    licence: str
    citation: str


class Corpus(NamedTuple):
    """One archive of labelled time series (`series`)."""

    archive: str
    sha256: str  # of its list SHA256SUMS, which names all its files
    licence: str
    citation: str


def _parts(train_images: str, train_labels: str, test_images: str, test_labels: str) -> dict:
    """The four files of a set that copies the file names of MNIST, from their MD5s."""
    return {
        "train": (
            File("train-images-idx3-ubyte.gz", train_images),
            File("train-labels-idx1-ubyte.gz", train_labels),
        ),
        "test": (
            File("t10k-images-idx3-ubyte.gz", test_images),
            File("t10k-labels-idx1-ubyte.gz", test_labels),
        ),
    }


REGISTRY: dict[str, Source] = {
    "mnist": Source(
        parts=_parts(
            train_images="6bbc9ace898e44ae57da46a324031adb",
            train_labels="a25bea736e30d166cdddb491f175f624",
            test_images="2646ac647ad5339dbf082846283269ea",
            test_labels="27ae3e4e09519cfbb04c329615203637",
        ),
        mirrors=("https://ossci-datasets.s3.amazonaws.com/mnist/",),
        licence="CC BY-SA 3.0",
        citation="Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document "
        "recognition, Proceedings of the IEEE 86(11), 1998",
    ),
    "fashion-mnist": Source(
        parts=_parts(
            train_images="f4a8712d7a061bf5bd6d2ca38dc4d50a",
            train_labels="9018921c3c673c538a1fc5bad174d6f9",
            test_images="8181f5470baa50b63fa0f6fddb340f0a",
            test_labels="15d484375f8d13e6eb1aabb0c3f46965",
        ),
        mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
        licence="MIT",
        citation="H. Xiao, K. Rasul, R. Vollgraf, Fashion-MNIST: a novel image dataset for benchmarking "
        "machine learning algorithms, arXiv:1708.07747, 2017",
    ),
}

RECORDED: dict[str, Recorded] = {
    "nmnist-small": Recorded(
        archive="nmnist-small.tar.xz",
        parts={
            "train": File("train1K.txt", "92a7ee1a9266caaec4df7460629bdfde"),
            "test": File("test100.txt", "7b2e2640100984a4c00d8c8f7bc2264d"),
        },
        shape=(2, 34, 34),
        licence="CC BY-SA 4.0",
        citation="G. Orchard, A. Jayawant, G. K. Cohen, N. Thakor, Converting static image datasets to spiking "
        "neuromorphic datasets using saccades, Frontiers in Neuroscience 9:437, 2015",
    ),
}

SERIES: dict[str, Table] = {
    "nyc-taxi": Table(
        file="htm-sequences/nyc_taxi.csv",
        md5="d304fcab21f2a15d32bed65b065e3c41",
        heading=3,
        licence="data of the New York City Taxi and Limousine Commission",
        citation="Y. Cui, S. Ahmad, J. Hawkins, Continuous online sequence learning with an unsupervised neural "
        "network model, Neural Computation 28(11), 2016",
    ),
}

CORPORA: dict[str, Corpus] = {
    "nab": Corpus(
        archive="nab.tar.xz",
        sha256="3b87803b56c8edb9cabcc4166a6115a1fd6e39bcbdcb2bc6e77f01aa82b73e52",
        licence="MIT",
        citation="A. Lavin, S. Ahmad, Evaluating real-time anomaly detection algorithms - the Numenta Anomaly "
        "Benchmark, IEEE ICMLA, 2015",
    ),
}
