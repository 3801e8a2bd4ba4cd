"""Encodes every object of label maps with pycocotools: usage: coco_encode.py MAPS.raw SIDE. Prints JSON."""
import hashlib
import json
import sys
import time

import numpy
from pycocotools import mask
from scipy import ndimage

path, side = sys.argv[1], int(sys.argv[2])
maps = numpy.fromfile(path, dtype=numpy.uint8).reshape(-1, side, side)
seconds = 0.0
counts = []
for labels in maps:
    ids, count = ndimage.label(labels, structure=numpy.ones((3, 3)))
    # The way of its documentation: a mask in Fortran order for each object. Some at a time: all need gigabytes.
    for start in range(1, count + 1, 64):
        some = numpy.arange(start, min(start + 64, count + 1))
        masks = numpy.asfortranarray((ids[:, :, None] == some).astype(numpy.uint8))
        began = time.perf_counter()
        encoded = mask.encode(masks)
        mask.area(encoded)
        mask.toBbox(encoded)
        seconds += time.perf_counter() - began
        counts += [one["counts"].decode() for one in encoded]
sha256 = hashlib.sha256("\n".join(sorted(counts)).encode()).hexdigest()
print(json.dumps({"ms": 1000 * seconds, "objects": len(counts), "sha256": sha256}))
