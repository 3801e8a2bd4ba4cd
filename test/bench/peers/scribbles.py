"""
Pixels classified by scikit-learn's forest on scikit-image's features, from given strokes.
usage: scribbles.py LIST.json. LIST: [{"image", "strokes": [PNG …], "out": [PNG …]}], strokes 255 where there are none,
else the class. Writes the class of every pixel; prints JSON: seconds of features, and of fitting and predicting, in all.
"""
import json
import sys
import time

import numpy
from skimage import feature, io
from sklearn.ensemble import RandomForestClassifier

features_s = forest_s = 0.0
for one in json.load(open(sys.argv[1])):
    image = io.imread(one["image"])
    channels = image.ndim == 3
    began = time.perf_counter()
    numbers = feature.multiscale_basic_features(
        image[..., :3] if channels else image,
        sigma_min=1,
        sigma_max=16,
        channel_axis=-1 if channels else None,
    )
    features_s += time.perf_counter() - began
    for strokes, out in zip(one["strokes"], one["out"]):
        began = time.perf_counter()
        scribbled = io.imread(strokes)
        drawn = scribbled != 255
        forest = RandomForestClassifier(n_estimators=100, n_jobs=-1, random_state=1)
        forest.fit(numbers[drawn], scribbled[drawn])
        classes = forest.predict(numbers.reshape(-1, numbers.shape[-1]))
        forest_s += time.perf_counter() - began
        io.imsave(out, classes.reshape(scribbled.shape).astype(numpy.uint8), check_contrast=False)
print(json.dumps({"features_s": features_s, "forest_s": forest_s}))
