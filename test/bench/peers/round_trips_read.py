"""Label files that Graft exported, read by other programs and compared with the truth: pycocotools, shapely, Pillow, OpenCV,
tifffile, nibabel, numpy; and roifile where it is installed. ROIs of ImageJ are read by their published layout as well
(https://imagej.net/ij/developer/source/ij/io/RoiDecoder.java.html).

usage: round_trips_read.py DIR    reads DIR/<format> and compares with DIR/truth
The last line is JSON: by format and reader, images, pixels, and pixels that are of another object.
"""

import base64
import contextlib
import io
import json
import struct
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import cv2
import nibabel
import numpy as np
import shapely
import tifffile
from label_files import in_order, inside_even_odd, inside_shapely, numbers_in, painted
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from shapely.geometry import shape

ROOT = Path(sys.argv[1])


def truth_of(name):
    return numbers_in(ROOT / "truth" / f"{name}.png")


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


def ome(path):
    with tifffile.TiffFile(path) as file:
        if not file.is_ome or file.series[0].axes != "YX":
            raise SystemExit(f"{path}: tifffile takes it for no OME-TIFF of one plane")
        return file.asarray()


def nifti(path):
    return np.asarray(nibabel.load(path).dataobj)[:, :, 0].T


def reading(format, extension, library, load):
    def read():
        for name, size, numbers in read_numbers(format, extension, load):
            yield name, size, {library: numbers}

    return read


def rings_of(roi):
    """Name and rings of one ROI: traced outlines and composites of moves, lines and closes."""
    if roi[:4] != b"Iout":
        raise SystemExit("no ROI of ImageJ")
    kind, (top, left) = roi[6], struct.unpack_from(">hh", roi, 8)
    (count,), (floats,) = struct.unpack_from(">H", roi, 16), struct.unpack_from(">i", roi, 36)
    (header2,) = struct.unpack_from(">i", roi, 60)
    at, length = struct.unpack_from(">ii", roi, header2 + 16)
    name = roi[at : at + 2 * length].decode("utf-16-be")
    if floats == 0:
        if kind != 8:
            raise SystemExit(f"{name} is no traced outline")
        x, y = np.frombuffer(roi, ">i2", 2 * count, 64).reshape(2, count).astype(float)
        return name, [np.stack([x + left, y + top], axis=1)]
    path, rings, i = np.frombuffer(roi, ">f4", floats, 64).astype(float), [], 0
    while i < floats:
        if path[i] == 4:
            i += 1
            continue
        if path[i] == 0:
            rings.append([])
        rings[-1].append(path[i + 1 : i + 3])
        i += 3
    return name, [np.array(ring) for ring in rings]


def read_rois():
    for path in sorted((ROOT / "imagej-roi" / "rois").glob("*.zip")):
        name = f"{path.stem}.png"
        size = truth_of(name).shape
        with zipfile.ZipFile(path) as archive:
            rois = [rings_of(archive.read(one)) for one in archive.namelist() if one.endswith(".roi")]
        readers = {"numpy, by the published layout": outlined(rois, size)}
        with contextlib.suppress(ImportError):
            import roifile

            found = [(roi.name, roi.coordinates(multi=True)) for roi in roifile.roiread(path)]
            readers["roifile"] = outlined(found, size)
        yield name, size, readers


def outlined(rois, size):
    masks = []
    for name, rings in rois:
        if name.startswith("ignored"):
            continue
        inside = np.zeros(size, bool)
        for ring in rings:
            inside ^= inside_even_odd(ring, size)
        masks.append(inside)
    return masks


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


READERS = {
    "coco": read_coco,
    "labelme": read_labelme,
    "voc": read_voc,
    "yolo": read_yolo,
    "cvat": read_cvat,
    "datumaro": read_datumaro,
    "qupath": read_qupath,
    "imagej-roi": read_rois,
    "label-tiff": reading("label-tiff", ".tif", "tifffile", tifffile.imread),
    "ome-tiff": reading("ome-tiff", ".ome.tif", "tifffile", ome),
    "nifti": reading("nifti", ".nii.gz", "nibabel", nifti),
    "npy": reading("npy", ".npy", "numpy", np.load),
}
print(json.dumps({name: compare(read) for name, read in READERS.items()}))
