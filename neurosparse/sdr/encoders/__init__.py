"""Values as SDRs: the nearer two values, the more active bits they share.

    day = encoders.date(time_of_day=(600, 29), day_of_week=(100, 29))
    day.encode(datetime(2015, 1, 1, 12))    -> Sdr          day.encode_many(times) -> Csr, a row for each
    day.decode(sdr)                         -> the value whose code shares most bits with the SDR
    day.distribution(sdr, loss=0.1)         -> how likely each value is, if that part of the bits was lost
    day.expected_overlap(x, y)              -> the law by which codes of x and y overlap

An encoder is a value: a NamedTuple that its function checks and makes. n is the number of bits, w how many of them are
active. All randomness comes from a seed; nothing is remembered, so codes do not depend on what was encoded before.

    scalar      w neighbouring bits, line or ring           |bucket difference| away, w - that many are shared
    rdse        w random bits, no bounds                    the same, and chance beyond w buckets
    category    a code for each name, disjoint or random    0, or chance
    date        time of day, day of week, weekend, season, holiday side by side
    coordinate  whole numbers in any dimension              the part of the neighbourhood that is shared
    image       pixels: black and white, grey, contrast

Best file to read first: scalar.py.
"""

from neurosparse.sdr.encoders.category import Category, category
from neurosparse.sdr.encoders.coordinate import Coordinate, coordinate
from neurosparse.sdr.encoders.date import Date, Moment, date
from neurosparse.sdr.encoders.image import Image, image, otsu
from neurosparse.sdr.encoders.posterior import Distribution
from neurosparse.sdr.encoders.rdse import Rdse, rdse
from neurosparse.sdr.encoders.scalar import Scalar, scalar

__all__ = [
    "scalar",
    "rdse",
    "category",
    "date",
    "coordinate",
    "image",
    "otsu",
    "Scalar",
    "Rdse",
    "Category",
    "Date",
    "Moment",
    "Coordinate",
    "Image",
    "Distribution",
]
