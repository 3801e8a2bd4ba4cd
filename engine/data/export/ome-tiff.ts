/** Masks as OME-TIFF: one plane with OME-XML of the schema of June 2016, which says that there is no other. */
import type { LengthUnit, PixelSize } from '../../../shared/pixel-size.ts';
import { encodeTiff } from '../encode-tiff.ts';
import { folderOf } from './folder.ts';

/** Names of units as the schema has them. */
const UNITS: Readonly<Record<LengthUnit, string>> = {
  nm: 'nm',
  um: 'µm',
  mm: 'mm',
  cm: 'cm',
  m: 'm',
};

function physicalSize(pixelSize: PixelSize | null): string {
  if (pixelSize === null) return '';
  const [size, unit] = [pixelSize.size, UNITS[pixelSize.unit]];
  return ['X', 'Y']
    .map((side) => ` PhysicalSize${side}="${size}" PhysicalSize${side}Unit="${unit}"`)
    .join('');
}

interface Plane {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint16Array | Uint32Array;
}

function omeXml({ width, height, data }: Plane, pixelSize: PixelSize | null): string {
  const schema = 'http://www.openmicroscopy.org/Schemas/OME/2016-06';
  const type = `uint${8 * data.BYTES_PER_ELEMENT}`;
  return `<?xml version="1.0" encoding="UTF-8"?><OME xmlns="${schema}" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${schema} ${schema}/ome.xsd" Creator="Graft"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="${type}" BigEndian="false" SizeX="${width}" SizeY="${height}" SizeC="1" SizeZ="1" SizeT="1"${physicalSize(pixelSize)}><Channel ID="Channel:0:0" SamplesPerPixel="1"/><TiffData IFD="0" PlaneCount="1" FirstC="0" FirstZ="0" FirstT="0"/></Pixels></Image></OME>`;
}

const encodeOme = (plane: Plane, pixelSize: PixelSize | null): Uint8Array =>
  encodeTiff({ ...plane, channels: 1, description: omeXml(plane, pixelSize) });

export const omeTiffWriter = folderOf({
  extension: '.ome.tif',
  classes: (map, { pixelSize }) => encodeOme(map, pixelSize),
  objects: encodeOme,
  hasPixelSize: true,
});
