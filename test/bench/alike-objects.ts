/**
 * How often the class that is suggested for an object, that of the labelled objects which look most like it
 * (shared/assist/alike-class.ts), is the right one. Nuclei of real images are given one of two classes by a rule, and
 * labelled one after the other, image by image; before each, its class is asked of those before.
 *
 * - size: the third of all that are largest, and the others.
 * - stain: bluer than half of them, by the share of blue in the mean colour (images in colour alone).
 * - brighter: than half of those of the same image, which what is compared does not know.
 * - longer: the third that are longest for their width. What is compared says nothing of that: a control, where the best
 *   answer is always the class of two thirds.
 *
 * usage: alike-objects.ts [--data DIR,…] [--images 20]
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { alikeClass, type KnownLook, lookOf } from '../../shared/assist/alike-class.ts';
import { RunWriter } from '../../shared/mask-runs.ts';
import { momentsOf } from '../../shared/objects/measure/moments.ts';
import { objectRuns } from '../../shared/objects/measure/object-runs.ts';
import { createRandom } from '../../shared/random.ts';
import { report, type Row } from './measure.ts';
import {
  mean,
  NUCLEI_FOLDERS,
  type NucleiImage,
  nucleiImages,
  quantile,
  type TrueObject,
} from './nuclei-objects.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    images: { type: 'string', default: '20' },
  },
});

function nucleusOf({ name, pixels }: NucleiImage, { data, width, height, area }: TrueObject) {
  const runs = objectRuns({ width, height, data: Uint32Array.from(data) });
  const writer = new RunWriter(width);
  runs.row.forEach((y, i) => writer.add(y, runs.from[i] ?? 0, runs.to[i] ?? 0));
  const look = lookOf(pixels, { region: { left: 0, top: 0, width }, runs: writer.runs });
  if (look === null) throw new Error('an object without a pixel');
  const means = [...look.subarray(1, 1 + pixels.channels)];
  const { majorAxis, minorAxis } = momentsOf(runs, 0);
  return { image: name, look, area, means, elongation: majorAxis / minorAxis };
}
type Nucleus = ReturnType<typeof nucleusOf>;

/** 1 where a number is above the one below which a share of all lies, else 0. */
const above = (all: readonly Nucleus[], share: number, of: (one: Nucleus) => number) => {
  const least = quantile(all.map(of), share);
  return (one: Nucleus) => (of(one) > least ? 1 : 0);
};

const blue = ({ means }: Nucleus) => (means[2] ?? 0) / means.reduce((sum, one) => sum + one, 0);

type Rule = (one: Nucleus) => number;

function rulesOf(nuclei: readonly Nucleus[]): ReadonlyMap<string, Rule> {
  const ofImage = new Map<string, Rule>(
    [...Map.groupBy(nuclei, ({ image }) => image)].map(([image, own]) => [
      image,
      above(own, 1 / 2, ({ means }) => mean(means)),
    ]),
  );
  const isColoured = nuclei.every(({ means }) => means.length >= 3);
  return new Map<string, Rule>([
    ['size', above(nuclei, 2 / 3, ({ area }) => area)],
    ...(isColoured ? [['stain', above(nuclei, 1 / 2, blue)] as const] : []),
    ['brighter', (one) => ofImage.get(one.image)?.(one) ?? 0],
    ['longer', above(nuclei, 2 / 3, ({ elongation }) => elongation)],
  ]);
}

const rows: Row[] = [];
for (const folder of flags.data.split(',')) {
  const images = await nucleiImages(resolve(folder), Number(flags.images));
  const nuclei = images.flatMap((image) => {
    // From the largest on they would be labelled by size.
    const order = createRandom(1, 'order of labelling', image.name).shuffled(image.objects);
    return order.map((object) => nucleusOf(image, object));
  });
  for (const [rule, classOf] of rulesOf(nuclei)) {
    const known: KnownLook[] = [];
    const said: { readonly isRight: boolean; readonly first: boolean }[] = [];
    for (const one of nuclei) {
      const value = classOf(one);
      const alike = alikeClass(one.look, known);
      if (alike !== null)
        said.push({ isRight: alike.value === value, first: one.image === images[0]?.name });
      known.push({ look: one.look, value });
    }
    const right = (some: typeof said) => mean(some.map(({ isRight }) => (isRight ? 1 : 0)));
    const ones = mean(nuclei.map(classOf));
    rows.push({
      ...{ data: basename(folder), classes: rule, nuclei: nuclei.length },
      'more frequent class': Math.max(ones, 1 - ones),
      suggested: said.length / nuclei.length,
      right: right(said),
      'right in the first image': right(said.filter(({ first }) => first)),
    });
  }
}
report('the class of alike objects: shares', rows);
