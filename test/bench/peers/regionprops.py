"""
Objects measured by scikit-image.
usage: regionprops.py LABELS.raw IMAGE.raw WIDTH HEIGHT OUT.json. Labels are uint32, samples uint16 of one channel. Writes
the table to OUT.json; prints JSON: seconds, version, and peak memory in MB.
"""
import json
import resource
import sys
import time

import numpy
import skimage
from skimage.measure import regionprops_table

labels, image, width, height, out = sys.argv[1:]
shape = int(height), int(width)
labels = numpy.fromfile(labels, numpy.uint32).reshape(shape)
image = numpy.fromfile(image, numpy.uint16).reshape(*shape, 1)
names = [
    "label", "area", "perimeter", "equivalent_diameter_area", "axis_major_length", "axis_minor_length",
    "feret_diameter_max", "area_convex", "solidity", "eccentricity", "orientation", "centroid", "bbox",
    "intensity_mean", "intensity_min", "intensity_max", "intensity_std",
]
began = time.perf_counter()
table = regionprops_table(labels, image, properties=names)
seconds = time.perf_counter() - began
json.dump({name: [float(value) for value in column] for name, column in table.items()}, open(out, "w"))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "version": skimage.__version__, "peakMb": peak}))
