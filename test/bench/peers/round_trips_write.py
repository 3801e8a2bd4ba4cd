"""Label files as other programs write them, and what these programs make of them: outlines of objects with fractions
(labelme, YOLO, QuPath, CVAT, Datumaro, COCO and ROIs of ImageJ, the last byte by byte as
https://imagej.net/ij/developer/source/ij/io/RoiDecoder.java.html reads them), and masks of numbers (Pillow for Pascal VOC,
tifffile, nibabel, numpy), which hold the truth itself.

usage: round_trips_write.py DIR   writes DIR/foreign/<format> of DIR/truth and DIR/given/images
   and foreign/expected/centre (pixels whose middle lies in an outline: shapely), /coco (what pycocotools covers)
"""

import json
import shutil
import struct
import sys
import zipfile
from pathlib import Path

import cv2
import nibabel
import numpy as np
import shapely
import tifffile
from label_files import inside_shapely, numbers_in, painted
from PIL import Image
from pycocotools import mask as coco_mask

ROOT = Path(sys.argv[1])
FOREIGN = ROOT / "foreign"
SUB_PIXEL = 128
FREEHAND = 7

# Fractions that 32-bit floats and decimals hold alike. Odd ones: no corner lies on the middle of a pixel.
GRID = 2048


def hulls(numbers, random):
    """Outlines with fractions: the convex hull of each object, moved by less than a pixel."""
    for number in np.unique(numbers[numbers > 0]):
        y, x = np.nonzero(numbers == number)
        hull = cv2.convexHull(np.stack([x, y], axis=1).astype(np.int32)).reshape(-1, 2)
        if len(hull) >= 3:
            yield hull + (2 * random.integers(0, GRID // 2, 2) + 1) / GRID


def write():
    random = np.random.default_rng(1)
    for path in sorted((ROOT / "truth").glob("*.png")):
        name = path.stem
        numbers = numbers_in(path)
        size = numbers.shape
        outlines = list(hulls(numbers, random))
        by_centre = [inside_shapely(shapely.Polygon(o), size) for o in outlines]
        by_coco = [
            coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects([o.ravel().tolist()], *size))) > 0
            for o in outlines
        ]
        for which, masks in (("centre", by_centre), ("coco", by_coco)):
            file = FOREIGN / "expected" / which / f"{name}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(painted(masks, size).astype(np.uint16)).save(file)
        put_outlines(name, size, outlines)
        put_rois(name, outlines)
        put_numbers(name, numbers)
    finish()


def text(file, content):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)


COLLECTED = {"coco": [], "images": [], "datumaro": [], "cvat": []}


def put_outlines(name, size, outlines):
    height, width = size
    stem = name.rsplit(".", 1)[0]
    shapes = [{"label": "cell", "points": o.tolist(), "shape_type": "polygon"} for o in outlines]
    labelme = {"version": "5.5.0", "shapes": shapes, "imagePath": name}
    text(FOREIGN / "labelme" / f"{stem}.json", json.dumps(labelme))
    lines = [" ".join(["0", *(repr(float(v)) for v in (o / (width, height)).ravel())]) for o in outlines]
    text(FOREIGN / "yolo" / f"{stem}.txt", "\n".join(lines))
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[*o.tolist(), o[0].tolist()]]},
            "properties": {"objectType": "detection", "classification": {"name": "cell"}},
        }
        for o in outlines
    ]
    text(FOREIGN / "qupath" / f"{stem}.geojson", json.dumps({"type": "FeatureCollection", "features": features}))
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


def roi_of(name, outline):
    """A freehand outline with fractions: its box, corners in whole numbers from there, then in 32-bit floats, then its name."""
    whole = np.round(outline).astype(int)
    (left, top), (right, bottom) = whole.min(axis=0), whole.max(axis=0)
    count = len(outline)
    header = bytearray(64)
    header[:4] = b"Iout"
    struct.pack_into(">h", header, 4, 228)
    header[6] = FREEHAND
    struct.pack_into(">4hH", header, 8, top, left, bottom, right, count)
    struct.pack_into(">H", header, 50, SUB_PIXEL)
    corners = (whole - (left, top)).T.astype(">i2").tobytes() + outline.T.astype(">f4").tobytes()
    at = 64 + len(corners)
    struct.pack_into(">i", header, 60, at)
    second = bytearray(64)
    struct.pack_into(">ii", second, 16, at + 64, len(name))
    return bytes(header) + corners + bytes(second) + name.encode("utf-16-be")


def put_rois(name, outlines):
    """RoiSet.zip with an object each; without objects there is none, as ImageJ writes none."""
    file = FOREIGN / "imagej-roi" / f"{Path(name).stem}_RoiSet.zip"
    file.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, outline in enumerate(outlines, 1):
            archive.writestr(f"cell-{number:04}.roi", roi_of(f"cell-{number:04}", outline))


def save_nifti(path, values):
    """Axes of a scanner that looks from the other side: the header says so, and nothing is turned."""
    nibabel.save(nibabel.Nifti1Image(values.T[:, :, np.newaxis], np.diag([-1.0, -1.0, 1.0, 1.0])), path)


def save_ome(path, values):
    tifffile.imwrite(path, values, ome=True, metadata={"axes": "YX"}, tile=(64, 64))


# Other order of sides and of bytes than everybody expects.
def save_npy(path, values):
    np.save(path, np.asfortranarray(values.astype(values.dtype.newbyteorder(">"))))


def save_label_tiff(path, values):
    tifffile.imwrite(path, values, compression="zlib", predictor=True)


def save_palette(path, values):
    picture = Image.fromarray(values)
    if values.dtype == np.uint8:
        picture.putpalette([channel for i in range(256) for channel in (i, i * 7 % 256, i * 13 % 256)])
    picture.save(path)


def put_numbers(name, numbers):
    """Masks of numbers beside their images. Label TIFF has numbers of objects alone, as Cellpose and ImageJ write it."""
    classes, narrow, wide = (numbers > 0).astype(np.uint8), numbers.astype(np.uint16), numbers.astype(np.uint32)
    # 255 of 8 bits is ignored.
    few = numbers.astype(np.uint8) if numbers.max() < 255 else narrow
    voc = "SegmentationClass", "SegmentationObject"
    for format, save, ending, images, masks in (
        ("label-tiff", save_label_tiff, ".tif", "images", {"masks": narrow}),
        ("ome-tiff", save_ome, ".ome.tif", "images", {"masks": classes, "objects": wide}),
        ("nifti", save_nifti, ".nii.gz", "images", {"masks": classes, "objects": narrow}),
        ("npy", save_npy, ".npy", "images", {"masks": classes, "objects": wide}),
        ("voc", save_palette, ".png", "JPEGImages", dict(zip(voc, (classes, few)))),
    ):
        for folder in (images, *masks):
            (FOREIGN / format / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "given" / "images" / name, FOREIGN / format / images / name)
        for folder, values in masks.items():
            save(FOREIGN / format / folder / f"{Path(name).stem}{ending}", values)


def finish():
    categories = [{"id": 1, "name": "cell"}]
    coco = {"images": COLLECTED["images"], "annotations": COLLECTED["coco"], "categories": categories}
    text(FOREIGN / "coco" / "instances.json", json.dumps(coco))
    labels = {"label": {"labels": [{"name": "cell"}]}}
    datumaro = {"info": {}, "categories": labels, "items": COLLECTED["datumaro"]}
    text(FOREIGN / "datumaro" / "annotations" / "default.json", json.dumps(datumaro))
    text(FOREIGN / "cvat" / "annotations.xml", f'<annotations>{"".join(COLLECTED["cvat"])}</annotations>')
    text(FOREIGN / "yolo" / "classes.txt", "cell\n")
    text(FOREIGN / "imagej-roi" / "classes.txt", "cell\n")


write()
print(json.dumps({"images": len(COLLECTED["images"])}))
