/**
 * What labelling costs with each tool: a simulated annotator (annotator.ts states how long a hand takes) labels images of
 * nuclei, object by object from the largest on, until the Dice of the foreground is .9, and counts seconds and actions.
 *
 * - brush: for each object the thickest disc whose strokes inside it give Dice .9 of the object; one stroke each, and a
 *   drag with Alt where that is a brush of another size.
 * - polygon: as few corners on its outline as give IoU .9, and a click on the first one.
 * - scissors: as few corners as let the ways between them enclose IoU .9 (canvas/edge-paths.ts); else as the polygon.
 * - box: a box around it and Enter. Below IoU .7: Tab, where another mask that is offered is better than that; else up to
 *   two clicks where it is most wrong, each of which refines the mask that is shown, as in Annotate; then the brush mends
 *   the object, and in the end what else is wrong in the image.
 * - click: the same, from a click where it is deepest.
 * - scribbles: strokes where the proposal is most wrong, as scribbling.ts says, the right button on background; Enter; then
 *   the brush (mending.ts).
 * - carried: the same, with _In every image I open_ on, one click in the first image: the labels of the images before
 *   propose the next one before its first stroke.
 * - network: a network is trained meanwhile (training-meanwhile.ts), --steps-a-second of what the hand works; from what it
 *   sees in the next image the brush goes on, where that leaves less than nothing does; else scribbles.
 * - mixed: carried, and that network beside it (keeping.ts).
 * Points on an outline have to be hit within 3 px, points in an object within its width. The network is the one that comes
 * with Graft, and looks at the whole image. An image that did not get there counts with all that was done.
 *
 * usage: labelling-effort.ts [--data DIR,…] [--images 20] [--tools brush,polygon,…] (default: all of them)
 *   [--keep PATH] (what the network of clicks and boxes saw is kept beside it) [--steps-a-second 7] [--most-steps 100]
 */
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { withTileThreads } from '../../engine/assist/tile-threads.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import { Hand } from './annotator.ts';
import { inFolder } from './bench-project.ts';
import { labelBeside } from './keeping.ts';
import { report, type Row } from './measure.ts';
import { isEnough, mendAll, type Sheet, WANTED } from './mending.ts';
import {
  deepest,
  dice,
  errorsOf,
  iou,
  mean,
  NUCLEI_FOLDERS,
  type NucleiImage,
  nucleiImages,
  type TrueObject,
  truthOf,
} from './nuclei-objects.ts';
import { brushed, outlined, type Outlining } from './outlining.ts';
import { look, type Looked } from './prompting.ts';
import { learnLabels, scribble, type Sitting } from './scribbling.ts';
import { TrainingMeanwhile } from './training-meanwhile.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    images: { type: 'string', default: '20' },
    tools: {
      type: 'string',
      default: 'brush,polygon,scissors,box,click,scribbles,carried,network,mixed',
    },
    keep: { type: 'string' },
    'steps-a-second': { type: 'string', default: '7' },
    'most-steps': { type: 'string', default: '100' },
  },
});
/** Below it a mask is corrected by further clicks. */
const GOOD_ENOUGH = 0.7;
const MORE_CLICKS = 2;
const ON_OUTLINE_PX = 3;
/** A box that is ticked. */
const SWITCH_PX = 16;

interface Labelled {
  readonly seconds: number;
  readonly actions: number;
  readonly lifted: number;
  readonly dice: number;
}

/** With what an image is labelled. */
interface Help {
  readonly looked: Looked | null;
  readonly sitting: Sitting;
  readonly live: TrainingMeanwhile | null;
}

function add({ found }: Sheet, mask: Uint8Array): void {
  for (let i = 0; i < found.length; i++) if (mask[i] === 1) found[i] = 1;
}

function brush(sheet: Sheet, object: TrueObject): void {
  const { mask, lengthPx, widthPx, at } = brushed(object, WANTED);
  sheet.hand.brush(at, { lengthPx, widthPx });
  add(sheet, mask);
}

function outline(sheet: Sheet, object: TrueObject, way: Outlining): void {
  const { corners, mask } = outlined(object, { way, wanted: WANTED, image: sheet.image.pixels });
  for (const corner of corners) sheet.hand.click(corner, ON_OUTLINE_PX);
  const [first] = corners;
  if (first !== undefined) sheet.hand.click(first, ON_OUTLINE_PX);
  add(sheet, mask);
}

/** The brush takes away what is too much of a mask, and adds what is missing. */
function mend(sheet: Sheet, object: TrueObject, mask: Uint8Array): void {
  const { missing, extra } = errorsOf(mask, object);
  for (const part of [missing, extra]) {
    const at = deepest(part);
    if (at === null || at.depth < 2) continue;
    const area = part.data.reduce((sum, one) => sum + one, 0);
    const widthPx = 2 * at.depth;
    sheet.hand.brush(at, { lengthPx: area / widthPx, widthPx });
    for (let i = 0; i < mask.length; i++) if (part.data[i] === 1) mask[i] = object.data[i] ?? 0;
  }
}

async function prompted(
  sheet: Sheet,
  object: TrueObject,
  { looked, begins }: { readonly looked: Looked; readonly begins: 'box' | 'click' },
): Promise<void> {
  const { hand } = sheet;
  const { x0, y0, x1, y1 } = object.box;
  const points: { x: number; y: number; inside: boolean }[] = [];
  const inside = deepest(object);
  if (begins === 'box') hand.box({ x: x0, y: y0 }, { x: x1, y: y1 }, ON_OUTLINE_PX);
  else if (inside !== null) {
    points.push({ x: inside.x + 0.5, y: inside.y + 0.5, inside: true });
    hand.click(inside, 2 * inside.depth);
  }
  const box = begins === 'box' ? { box: object.box } : {};
  let mask = new Uint8Array(object.data.length);
  let from: Float32Array | null = null;
  for (let more = 0; ; more++) {
    const { masks } = await looked.ask({ points, ...box, from });
    const good = masks.findIndex(({ data }) => iou(data, object.data) >= GOOD_ENOUGH);
    for (let tab = 0; tab < good; tab++) hand.key();
    const shown = masks[Math.max(0, good)];
    if (shown === undefined) break;
    mask = Uint8Array.from(shown.data);
    from = shown.logits;
    if (good !== -1 || more === MORE_CLICKS) break;
    const { missing, extra } = errorsOf(mask, object);
    const [here, there] = [deepest(missing), deepest(extra)];
    const isMissing = (here?.depth ?? 0) >= (there?.depth ?? 0);
    const at = isMissing ? here : there;
    if (at === null) break;
    points.push({ x: at.x + 0.5, y: at.y + 0.5, inside: isMissing });
    hand.click(at, 2 * at.depth);
  }
  hand.key();
  if (iou(mask, object.data) < GOOD_ENOUGH) mend(sheet, object, mask);
  add(sheet, mask);
}

const SCRIBBLING = new Set(['scribbles', 'carried', 'network', 'mixed']);
const CARRYING = new Set(['carried', 'mixed']);

/** Strokes and proposals, then the brush. */
async function fromProposals(sheet: Sheet, tool: string, { sitting, live }: Help): Promise<void> {
  const isFirst = sitting.labelled.length === 0;
  const { width } = sheet.truth;
  if (CARRYING.has(tool) && isFirst) sheet.hand.click({ x: width, y: 0 }, SWITCH_PX);
  const own = CARRYING.has(tool) ? sitting : { ...sitting, labelled: [] };
  if (live === null) {
    await scribble(sheet, own);
    mendAll(sheet);
  } else {
    const { name } = sheet.image;
    const seen = await live.sees(name);
    await labelBeside(sheet, { seen, sitting: own });
    await live.train(sheet.hand.seconds);
    live.join(name, { ...sheet.truth, data: sheet.found });
  }
  if (CARRYING.has(tool)) await learnLabels(sheet, sitting);
}

async function labelled(image: NucleiImage, tool: string, help: Help): Promise<Labelled> {
  const truth = truthOf(image);
  const sheet = { image, truth, found: new Uint8Array(truth.data.length), hand: new Hand() };
  const { looked } = help;
  if (SCRIBBLING.has(tool)) await fromProposals(sheet, tool, help);
  else {
    for (const object of image.objects) {
      if (isEnough(sheet)) break;
      if (tool === 'brush') brush(sheet, object);
      else if (tool === 'polygon' || tool === 'scissors') outline(sheet, object, tool);
      else if (looked !== null) {
        await prompted(sheet, object, { looked, begins: tool === 'box' ? 'box' : 'click' });
      }
    }
    if (tool === 'box' || tool === 'click') mendAll(sheet);
  }
  const { seconds, actions, lifted } = sheet.hand;
  return { seconds, actions, lifted, dice: dice(sheet.found, truth.data) };
}

/** The images of a folder one after the other with a tool. */
async function sitWith(
  tool: string,
  of: {
    readonly folder: string;
    readonly images: readonly NucleiImage[];
    readonly workers: readonly TileWorker[];
  },
): Promise<Labelled[]> {
  const { folder, images, workers } = of;
  const sitting: Sitting = { workers, labelled: [] };
  return inFolder(async (home) => {
    const live =
      tool === 'network' || tool === 'mixed'
        ? await TrainingMeanwhile.begin(join(home, 'live.graft'), {
            ...{
              folder,
              images,
              steps: {
                aSecond: Number(flags['steps-a-second']),
                most: Number(flags['most-steps']),
              },
            },
          })
        : null;
    const all: Labelled[] = [];
    for (const image of images) {
      const { width, height } = image.pixels;
      const looked =
        tool === 'box' || tool === 'click'
          ? await look(image.pixels, { left: 0, top: 0, width, height }, { keepAt: flags.keep })
          : null;
      const one = await labelled(image, tool, { looked, sitting, live });
      all.push(one);
      const of = { data: basename(folder), name: image.name.slice(0, 8), tool };
      console.error(JSON.stringify({ ...of, ...one, ...live?.made }));
    }
    live?.end();
    return all;
  });
}

await withTileThreads(async (workers) => {
  const rows: Row[] = [];
  for (const given of flags.data.split(',')) {
    const folder = resolve(given);
    const images = (await nucleiImages(folder, Number(flags.images))).filter(
      ({ objects }) => objects.length > 0,
    );
    const all = new Map<string, Labelled[]>();
    for (const tool of flags.tools.split(','))
      all.set(tool, await sitWith(tool, { folder, images, workers }));
    const brushActions = mean(all.get('brush')?.map(({ actions }) => actions) ?? [Number.NaN]);
    for (const [tool, found] of all) {
      const actions = mean(found.map((one) => one.actions));
      rows.push({
        ...{ data: basename(folder), tool, images: found.length },
        ...{ seconds: mean(found.map((one) => one.seconds)), actions },
        lifted: mean(found.map((one) => one.lifted)),
        'times fewer than brush': brushActions / actions,
        dice: mean(found.map((one) => one.dice)),
        'Dice .9': `${found.filter((one) => one.dice >= WANTED).length} of ${found.length}`,
        'Dice a minute':
          (60 * mean(found.map((one) => one.dice))) / mean(found.map((one) => one.seconds)),
      });
    }
  }
  report('labelling effort to Dice .9, an image', rows);
});
process.exit();
