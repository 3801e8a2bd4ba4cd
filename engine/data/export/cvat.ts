/**
 * CVAT's XML for images 1.1: each object a mask with run lengths in its rectangle, so that holes and parts survive. Ignored
 * pixels of an image are a mask of a label of their own, beneath the objects.
 */
import type { ImageRecord } from '../../../shared/entities.ts';
import type { ExportContext, ExportLabels, ExportWriter } from './format.ts';
import { type ExportedObject, ignoredIn, objectsIn, runsOf } from './objects.ts';

const IGNORE_LABEL = '__ignore__';
const IGNORE_COLOR = '#ffffff';

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
/** Whether XML has a place for a character. */
const isXml = (char: string): boolean => {
  const code = char.codePointAt(0) ?? 0;
  return code >= 0x20 ? code !== 0xfffe && code !== 0xffff : [0x9, 0xa, 0xd].includes(code);
};
const escaped = (text: string): string =>
  Array.from(text, (char) => (isXml(char) ? (ESCAPES[char] ?? char) : '')).join('');

export const cvatWriter: ExportWriter = {
  imagesFolder: 'images',
  hasPages: false,
  begin(context) {
    const { drawn, layer, target, fileName } = context;
    const labelOf = new Map(drawn.map(({ index, name }) => [index, name]));
    const images: string[] = [];
    let ignores = false;
    const image = (record: ImageRecord, labels: ExportLabels | null): void => {
      const { widthPx, heightPx } = record;
      const ignored = labels === null ? null : ignoredIn(labels);
      if (ignored !== null) ignores = true;
      const masks = [
        ...(ignored === null ? [] : [maskElement(ignored, { label: IGNORE_LABEL, level: 0 })]),
        ...(labels === null ? [] : objectsIn(labels)).map((object) =>
          maskElement(object, { label: labelOf.get(object.classIndex) ?? '', level: 1 }),
        ),
      ];
      images.push(
        `  <image id="${images.length}" name="${escaped(fileName(record))}" width="${widthPx}" height="${heightPx}">\n${masks.join('')}  </image>\n`,
      );
    };
    return {
      image,
      async finish() {
        const name = layer === 'labels' ? 'annotations.xml' : 'predictions.xml';
        const head = `<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n`;
        const meta = metaElement(context, { ignores, size: images.length });
        await target.write(name, `${head}${meta}${images.join('')}</annotations>\n`);
      },
    };
  },
};

function metaElement(
  { dataset, drawn }: ExportContext,
  { ignores, size }: { readonly ignores: boolean; readonly size: number },
): string {
  const labels = [...drawn, ...(ignores ? [{ name: IGNORE_LABEL, color: IGNORE_COLOR }] : [])].map(
    ({ name, color }) =>
      `        <label>\n          <name>${escaped(name)}</name>\n          <color>${color}</color>\n          <type>any</type>\n          <attributes></attributes>\n        </label>\n`,
  );
  return `  <meta>\n    <task>\n      <name>${escaped(dataset.name)}</name>\n      <size>${size}</size>\n      <mode>annotation</mode>\n      <labels>\n${labels.join('')}      </labels>\n    </task>\n  </meta>\n`;
}

function maskElement(
  object: ExportedObject,
  { label, level }: { readonly label: string; readonly level: number },
): string {
  const { x0, y0, x1, y1 } = object.box;
  return `    <mask label="${escaped(label)}" source="manual" occluded="0" rle="${runsOf(object).join(', ')}" left="${x0}" top="${y0}" width="${x1 - x0}" height="${y1 - y0}" z_order="${level}">\n    </mask>\n`;
}
