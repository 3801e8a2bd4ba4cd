/**
 * QuPath's objects as GeoJSON, a file an image: outlines along the edges of pixels, with holes, of one or several parts.
 * Ignored pixels are an object of the class that QuPath itself ignores; classes.txt has the classes in their order.
 */
import { besideNames } from './beside-names.ts';
import type { ExportWriter } from './format.ts';
import { type ExportedObject, ignoredIn, objectsIn } from './objects.ts';

/** QuPath ignores classes whose names end so. */
const IGNORE_CLASS = { name: 'Ignore*', color: '#b4b4b4' };

export const quPathWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: false,
  begin(context) {
    const { drawn, layer, target } = context;
    const nameOf = besideNames(context);
    const classOf = new Map(drawn.map((one) => [one.index, one]));
    const folder = layer === 'labels' ? 'annotations' : 'predictions';
    return {
      async image(image, labels) {
        if (labels === null) return;
        const ignored = ignoredIn(labels);
        const features = [
          ...(ignored === null ? [] : [featureOf(ignored, IGNORE_CLASS)]),
          ...objectsIn(labels).map((object) =>
            featureOf(object, classOf.get(object.classIndex) ?? IGNORE_CLASS),
          ),
        ];
        const file = JSON.stringify({ type: 'FeatureCollection', features });
        await target.write(`${folder}/${nameOf(image)}.geojson`, file);
      },
      async finish() {
        if (layer === 'predictions') return;
        await target.write('classes.txt', drawn.map(({ name }) => `${name}\n`).join(''));
      },
    };
  },
};

function featureOf(
  object: ExportedObject,
  { name, color }: { readonly name: string; readonly color: string },
): unknown {
  const polygons = object.parts().map(({ outer, holes }) => [outer, ...holes].map(closed));
  const value = Number.parseInt(color.slice(1), 16);
  return {
    type: 'Feature',
    geometry:
      polygons.length === 1
        ? { type: 'Polygon', coordinates: polygons[0] }
        : { type: 'MultiPolygon', coordinates: polygons },
    properties: {
      objectType: 'annotation',
      classification: { name, color: [value >> 16, (value >> 8) & 255, value & 255] },
    },
  };
}

/** With its first corner once more at the end. */
function closed(ring: readonly number[]): (readonly [number, number])[] {
  const corners = ring.length / 2;
  return Array.from({ length: corners + 1 }, (_, i) => {
    const at = 2 * (i % corners);
    return [ring[at] ?? 0, ring[at + 1] ?? 0] as const;
  });
}
