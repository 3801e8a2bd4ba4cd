"""Label files as other programs read and write them: pycocotools, shapely, Pillow and OpenCV instead of Graft;
and tifffile, nibabel and roifile where they are installed.

usage: round_trips.py read DIR    reads DIR/<format>, as Graft exported it, and compares with DIR/truth
       round_trips.py write DIR   writes DIR/foreign/<format> and, beside each, expected/: what these programs make of it
The last line is JSON. truth/ and expected/ hold 16-bit PNGs whose values number the objects of an image.
"""

import base64
import contextlib
import io
import json
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cv2
import numpy as np
import shapely
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from shapely.geometry import shape

COMMAND, ROOT = sys.argv[1], Path(sys.argv[2])


def in_order(numbers):
    """Objects as 1, 2, ... in the order in which rows meet them."""
    flat = numbers.ravel().astype(np.int64)
    values, first = np.unique(flat, return_index=True)
    ordered = values[np.argsort(first)]
    table = np.zeros(int(flat.max()) + 1, np.int64)
    table[ordered[ordered > 0]] = np.arange(1, np.count_nonzero(ordered > 0) + 1)
    return table[flat].reshape(numbers.shape)


def truth_of(name):
    return np.asarray(Image.open(ROOT / "truth" / f"{name}.png")).astype(np.int64)


def centres(height, width):
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return x, y


def inside_shapely(geometry, size):
    """Pixels whose middle lies in a geometry."""
    height, width = size
    out = np.zeros(size, bool)
    x0, y0, x1, y1 = geometry.bounds
    left, top = max(0, int(np.floor(x0))), max(0, int(np.floor(y0)))
    right, bottom = min(width, int(np.ceil(x1))), min(height, int(np.ceil(y1)))
    if right <= left or bottom <= top:
        return out
    x, y = centres(bottom - top, right - left)
    out[top:bottom, left:right] = shapely.contains_xy(geometry, x + left, y + top)
    return out


def inside_even_odd(points, size):
    """The same of a ring of any kind, by counting crossings."""
    height, width = size
    x, y = centres(height, width)
    inside = np.zeros(size, bool)
    following = np.roll(points, -1, axis=0)
    for (x0, y0), (x1, y1) in zip(points, following):
        if y0 == y1:
            continue
        if y0 > y1:
            x0, y0, x1, y1 = x1, y1, x0, y0
        rows = (y0 <= y) & (y < y1)
        inside ^= rows & (x < x0 + (y - y0) / (y1 - y0) * (x1 - x0))
    return inside


def painted(masks, size):
    numbers = np.zeros(size, np.int64)
    for number, one in enumerate(masks, 1):
        numbers[one] = number
    return numbers


def read_coco():
    with contextlib.redirect_stdout(sys.stderr):  # it tells what it does
        coco = COCO(str(ROOT / "coco" / "instances.json"))
    for image_id, image in coco.imgs.items():
        size = (image["height"], image["width"])
        own = [a for a in coco.loadAnns(coco.getAnnIds(image_id)) if a["iscrowd"] == 0]
        yield image["file_name"], size, {"pycocotools": [coco.annToMask(a) > 0 for a in own]}


def read_datumaro():
    file = json.loads((ROOT / "datumaro" / "annotations" / "default.json").read_text())
    for item in file["items"]:
        rles = [a["rle"] for a in item["annotations"] if not a["attributes"]["is_crowd"]]
        masks = [coco_mask.decode({**r, "counts": r["counts"].encode()}) > 0 for r in rles]
        yield item["image"]["path"], tuple(item["image"]["size"]), {"pycocotools": masks}


def read_cvat():
    for image in ElementTree.parse(ROOT / "cvat" / "annotations.xml").getroot().iter("image"):
        size = (int(image.get("height")), int(image.get("width")))
        masks = []
        for one in image.iter("mask"):
            if one.get("label") == "__ignore__":
                continue
            left, top, width, height = (int(one.get(n)) for n in ("left", "top", "width", "height"))
            runs = [int(n) for n in one.get("rle").split(",")]
            bits = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
            whole = np.zeros(size, bool)
            whole[top : top + height, left : left + width] = bits.reshape(height, width)
            masks.append(whole)
        yield image.get("name"), size, {"numpy": masks}


def read_labelme():
    for path in sorted((ROOT / "labelme" / "images").glob("*.json")):
        file = json.loads(path.read_text())
        size = (file["imageHeight"], file["imageWidth"])
        exact, pillow = {}, {}
        for number, one in enumerate(file["shapes"]):
            key = number if one["group_id"] is None else f"group {one['group_id']}"
            if one["shape_type"] == "mask":
                (left, top), (right, bottom) = one["points"]
                picture = Image.open(io.BytesIO(base64.b64decode(one["mask"])))
                bits = np.zeros(size, bool)
                bits[top : bottom + 1, left : right + 1] = np.asarray(picture) > 0
                by_centre = by_pillow = bits
            else:
                by_centre = inside_shapely(shapely.Polygon(one["points"]), size)
                drawing = Image.new("L", size[::-1])
                points = [tuple(p) for p in one["points"]]
                ImageDraw.Draw(drawing).polygon(points, outline=1, fill=1)
                by_pillow = np.asarray(drawing) > 0
            exact[key] = exact.get(key, False) | by_centre
            pillow[key] = pillow.get(key, False) | by_pillow
        readers = {"shapely": list(exact.values()), "Pillow, as labelme": list(pillow.values())}
        yield file["imagePath"], size, readers


def read_yolo():
    for path in sorted((ROOT / "yolo" / "labels").glob("*.txt")):
        name = f"{path.stem}.png"
        size = truth_of(name).shape
        exact, opencv = [], []
        for line in path.read_text().splitlines():
            shares = np.array(line.split()[1:], float).reshape(-1, 2)
            points = shares * size[::-1]
            exact.append(inside_even_odd(points, size))
            drawing = np.zeros(size, np.uint8)
            cv2.fillPoly(drawing, [points.astype(np.int32)], 1)
            opencv.append(drawing > 0)
        yield name, size, {"numpy": exact, "OpenCV, as Ultralytics": opencv}


def read_qupath():
    for path in sorted((ROOT / "qupath" / "annotations").glob("*.geojson")):
        name = f"{path.stem}.png"
        size = truth_of(name).shape
        masks = []
        for feature in json.loads(path.read_text())["features"]:
            geometry = shape(feature["geometry"])
            if not geometry.is_valid:
                raise SystemExit(f"{path}: {shapely.is_valid_reason(geometry)}")
            masks.append(inside_shapely(geometry, size))
        yield name, size, {"shapely": masks}


def read_voc():
    for path in sorted((ROOT / "voc" / "SegmentationObject").glob("*.png")):
        numbers = np.asarray(Image.open(path)).astype(np.int64)
        most = 65535 if numbers.max() > 255 else 255
        numbers = np.where(numbers == most, 0, numbers)
        classes = np.asarray(Image.open(ROOT / "voc" / "SegmentationClass" / path.name))
        if ((classes > 0) != (numbers > 0)).any():
            raise SystemExit(f"{path}: objects and classes do not go together")
        yield path.name, numbers.shape, {"Pillow": numbers}


def read_numbers(format, extension, load):
    """Masks of numbers: objects/ and masks/ go together."""
    for path in sorted((ROOT / format / "objects").glob(f"*{extension}")):
        numbers = load(path).astype(np.int64)
        classes = load(ROOT / format / "masks" / path.name)
        if (((classes > 0) & (classes < 255)) != (numbers > 0)).any():
            raise SystemExit(f"{path}: objects and classes do not go together")
        yield f"{path.name.removesuffix(extension)}.png", numbers.shape, numbers


def readers_of_numbers():
    """Those whose library is there: tifffile, nibabel, numpy."""

    def reading(format, extension, library, load):
        def read():
            for name, size, numbers in read_numbers(format, extension, load):
                yield name, size, {library: numbers}

        return read

    found = {"npy": reading("npy", ".npy", "numpy", np.load)}
    with contextlib.suppress(ImportError):
        import tifffile

        def ome(path):
            with tifffile.TiffFile(path) as file:
                if not file.is_ome or file.series[0].axes != "YX":
                    raise SystemExit(f"{path}: tifffile takes it for no OME-TIFF of one plane")
                return file.asarray()

        found["label-tiff"] = reading("label-tiff", ".tif", "tifffile", tifffile.imread)
        found["ome-tiff"] = reading("ome-tiff", ".ome.tif", "tifffile", ome)
    with contextlib.suppress(ImportError):
        import nibabel

        def nifti(path):
            return np.asarray(nibabel.load(path).dataobj)[:, :, 0].T

        found["nifti"] = reading("nifti", ".nii.gz", "nibabel", nifti)
    with contextlib.suppress(ImportError):
        import roifile

        found["imagej-roi"] = lambda: read_rois(roifile)
    return found


def read_rois(roifile):
    for path in sorted((ROOT / "imagej-roi" / "rois").glob("*.zip")):
        name = f"{path.stem}.png"
        size = truth_of(name).shape
        masks = []
        for roi in roifile.roiread(path):
            if roi.name.startswith("ignored"):
                continue
            inside = np.zeros(size, bool)
            for ring in roi.coordinates(multi=True):
                inside ^= inside_even_odd(ring, size)
            masks.append(inside)
        yield name, size, {"roifile": masks}


def compare(read):
    totals = {}
    for name, size, readers in read():
        truth = in_order(truth_of(name))
        for reader, masks in readers.items():
            numbers = masks if isinstance(masks, np.ndarray) else painted(masks, size)
            one = totals.setdefault(reader, {"images": 0, "pixels": 0, "differ": 0, "foreground": 0})
            one["images"] += 1
            one["pixels"] += truth.size
            if np.array_equal(in_order(numbers), truth):
                continue
            # A rim may renumber objects: those that overlap most are the same.
            one["differ"] += int(differing(numbers, truth))
            one["foreground"] += int(((numbers > 0) != (truth > 0)).sum())
    return totals


def differing(numbers, truth):
    pairs, counts = np.unique(np.stack([numbers.ravel(), truth.ravel()]), axis=1, return_counts=True)
    both = (pairs[0] > 0) & (pairs[1] > 0)
    best = {}
    for a, b, n in zip(pairs[0][both], pairs[1][both], counts[both]):
        if n > best.get(a, (0, 0))[1]:
            best[a] = (b, n)
    same = sum(n for _, n in best.values())
    nothing = counts[(pairs[0] == 0) & (pairs[1] == 0)].sum()
    return numbers.size - same - nothing


def hulls(numbers, random):
    """Outlines with fractions: the convex hull of each object, moved by less than a pixel."""
    for number in np.unique(numbers[numbers > 0]):
        y, x = np.nonzero(numbers == number)
        hull = cv2.convexHull(np.stack([x, y], axis=1).astype(np.int32)).reshape(-1, 2)
        if len(hull) >= 3:
            yield np.round(hull + random.uniform(0, 1, 2), 3)


def write():
    random = np.random.default_rng(1)
    foreign = ROOT / "foreign"
    for path in sorted((ROOT / "truth").glob("*.png")):
        name = path.stem
        numbers = np.asarray(Image.open(path))
        size = numbers.shape
        outlines = list(hulls(numbers, random))
        by_centre = [inside_shapely(shapely.Polygon(o), size) for o in outlines]
        by_coco = [
            coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([o.ravel().tolist()], *size))) > 0
            for o in outlines
        ]
        for which, masks in (("centre", by_centre), ("coco", by_coco)):
            file = foreign / "expected" / which / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(painted(masks, size).astype(np.uint16)).save(file)
        put(foreign, name, size, outlines)
    finish(foreign)
    return {"images": len(list((ROOT / "truth").glob("*.png")))}


COLLECTED = {"coco": [], "images": [], "datumaro": [], "cvat": []}


def put(foreign, name, size, outlines):
    height, width = size
    stem = name.rsplit(".", 1)[0]

    def text(file, content):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    shapes = [{"label": "cell", "points": o.tolist(), "shape_type": "polygon"} for o in outlines]
    labelme = {"version": "5.5.0", "shapes": shapes, "imagePath": name}
    text(foreign / "labelme" / f"{stem}.json", json.dumps(labelme))
    lines = [" ".join(["0", *(repr(float(v)) for v in (o / (width, height)).ravel())]) for o in outlines]
    text(foreign / "yolo" / f"{stem}.txt", "\n".join(lines))
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[*o.tolist(), o[0].tolist()]]},
            "properties": {"objectType": "detection", "classification": {"name": "cell"}},
        }
        for o in outlines
    ]
    text(foreign / "qupath" / f"{stem}.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
    image_id = len(COLLECTED["images"]) + 1
    COLLECTED["images"].append({"id": image_id, "file_name": name, "width": width, "height": height})
    for o in outlines:
        COLLECTED["coco"].append(
            {
                "id": len(COLLECTED["coco"]) + 1,
                "image_id": image_id,
                "category_id": 1,
                "iscrowd": 0,
                "segmentation": [o.ravel().tolist()],
            }
        )
    annotations = [{"type": "polygon", "label_id": 0, "points": o.ravel().tolist()} for o in outlines]
    COLLECTED["datumaro"].append({"id": stem, "annotations": annotations, "image": {"path": name, "size": list(size)}})
    polygons = "".join(
        f'<polygon label="cell" points="{";".join(f"{x},{y}" for x, y in o)}" z_order="0"/>' for o in outlines
    )
    COLLECTED["cvat"].append(f'<image id="{image_id}" name="{name}" width="{width}" height="{height}">{polygons}</image>')


def finish(foreign):
    def text(file, content):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)

    categories = [{"id": 1, "name": "cell"}]
    coco = {"images": COLLECTED["images"], "annotations": COLLECTED["coco"], "categories": categories}
    text(foreign / "coco" / "instances.json", json.dumps(coco))
    labels = {"label": {"labels": [{"name": "cell"}]}}
    datumaro = {"info": {}, "categories": labels, "items": COLLECTED["datumaro"]}
    text(foreign / "datumaro" / "annotations" / "default.json", json.dumps(datumaro))
    text(foreign / "cvat" / "annotations.xml", f'<annotations>{"".join(COLLECTED["cvat"])}</annotations>')
    text(foreign / "yolo" / "classes.txt", "cell\n")


if COMMAND == "read":
    READERS = {
        "coco": read_coco,
        "labelme": read_labelme,
        "voc": read_voc,
        "yolo": read_yolo,
        "cvat": read_cvat,
        "datumaro": read_datumaro,
        "qupath": read_qupath,
        **readers_of_numbers(),
    }
    print(json.dumps({name: compare(read) for name, read in READERS.items()}))
else:
    print(json.dumps(write()))
