/**
 * QuPath's objects as GeoJSON, a file an image: polygons with holes, of several parts. Corners run along the edges of pixels,
 * in pixels of the whole image; a pixel belongs to an object where its centre does. Later objects lie over earlier ones, as
 * cells lie over the tissue around them.
 */
import { z } from 'zod';
import {
  colorOf,
  type Fields,
  fieldsOf,
  idOf,
  listOf,
  numberOf,
  pointsOf,
  protoNote,
  textOf,
} from './json-fields.ts';
import {
  EntryIssues,
  type LabelContent,
  type LabelName,
  type NamedShape,
  type Plane,
} from './shapes.ts';
import { pronounFor, verbFor } from '../../../shared/number-format.ts';

/** Of objects that nobody classified. */
const UNCLASSIFIED = 'unclassified';

const FeatureList = z.object({
  type: z.literal('FeatureCollection'),
  features: z.array(z.unknown()),
});
const OneFeature = z.object({ type: z.literal('Feature') }).loose();

/** A collection, a single feature, or, as older versions wrote it, a plain list of them. */
export const QuPathFile = z.union([
  FeatureList.transform(({ features }) => features),
  OneFeature.transform((feature): unknown[] => [feature]),
  z
    .array(z.unknown())
    .refine((all) => OneFeature.safeParse(all[0]).success, 'the first entry is no feature'),
]);

export function readQuPath(features: z.output<typeof QuPathFile>): LabelContent {
  const issues = new EntryIssues();
  const colours = new Map<string, string | null>();
  const shapes: NamedShape[] = [];
  const ids = new Set<string>();
  const counts = { unusable: 0, nuclei: 0, unclassified: 0 };
  features.forEach((entry, i) => {
    const fields = fieldsOf(entry);
    const id = idOf(fields['id']);
    const where = `object ${i + 1}${id === null ? '' : ` (${id})`}`;
    const proto = protoNote(fields);
    if (proto !== null) issues.say('change', where, proto);
    if (id !== null && ids.has(id)) {
      issues.say('change', where, 'an object before it has this id: both are kept');
    }
    if (id !== null) ids.add(id);
    const rings = ringsOf(fieldsOf(fields['geometry']));
    if (typeof rings === 'string') {
      issues.say('skip', where, rings);
      counts.unusable++;
      return;
    }
    const properties = fieldsOf(fields['properties']);
    if (fields['nucleusGeometry'] !== undefined || properties['nucleusGeometry'] !== undefined) {
      counts.nuclei++;
    }
    const { name, color } = classOf(properties['classification']);
    if (name === '') counts.unclassified++;
    const label = name === '' ? UNCLASSIFIED : name;
    if (!colours.has(label)) colours.set(label, color);
    const plane = planeOf(fieldsOf(fields['geometry']));
    shapes.push({ where, label, crowd: false, object: null, outline: { rings }, plane });
  });
  if (counts.unclassified > 0) {
    const message = `${counts.unclassified} of its objects ${verbFor(counts.unclassified, 'have')} no class: ${pronounFor(counts.unclassified, 'they')} ${verbFor(counts.unclassified, 'become')} the class "${UNCLASSIFIED}"`;
    issues.say('change', 'objects', message);
  }
  if (counts.nuclei > 0) {
    const message = `${counts.nuclei} of its cells have a nucleus of its own, which is left out: the cell counts`;
    issues.say('change', 'objects', message);
  }
  const image = {
    ...{ where: 'image', fileName: null, size: null, part: null, shapes },
    unusable: counts.unusable,
    labelled: true,
  };
  const labels = Array.from(colours, ([name, color]): LabelName => ({ name, color }));
  // The names stand where they occur and not in an order of their own.
  return {
    labels: labels.sort((a, b) => (a.name < b.name ? -1 : 1)),
    images: [image],
    issues: issues.all(),
  };
}

/** Of a picture that is no stack, only the first plane is there. */
function planeOf(geometry: Fields): Plane {
  const { z: slice, t: frame } = fieldsOf(geometry['plane']);
  const [s = 0, f = 0] = [slice, frame].map((at) => Math.max(0, numberOf(at) || 0));
  return { kind: 'slice', slice: s, frame: f, alone: false };
}

/** All rings of a geometry, in any depth of polygons; text: why there are none. */
function ringsOf(geometry: Fields): number[][] | string {
  const coordinates = listOf(geometry['coordinates']);
  const kind = textOf(geometry['type']);
  const closed = (rings: unknown): number[][] => listOf(rings).map((ring) => open(pointsOf(ring)));
  if (kind === 'Polygon') return closed(coordinates);
  if (kind === 'MultiPolygon') return coordinates.flatMap(closed);
  return `it is a ${kind === '' ? 'shape of no kind' : kind}, which has no area`;
}

/** Without its first point once more at the end. */
function open(ring: number[]): number[] {
  const isClosed = ring.length >= 4 && ring[0] === ring.at(-2) && ring[1] === ring.at(-1);
  return isClosed ? ring.slice(0, -2) : ring;
}

/** Of a class within others, as in "Tumor: Positive", all names. */
function classOf(value: unknown): { readonly name: string; readonly color: string | null } {
  const { name, names, color, colorRGB } = fieldsOf(value);
  const all = listOf(names).map(textOf);
  const packed = numberOf(colorRGB);
  const channels = Number.isInteger(packed)
    ? [(packed >> 16) & 255, (packed >> 8) & 255, packed & 255]
    : listOf(color);
  return {
    name: textOf(value) || textOf(name) || all.filter((one) => one !== '').join(': '),
    color: colorOf(channels),
  };
}
