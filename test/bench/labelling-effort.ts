/**
 * What labelling costs with each tool: a simulated annotator (annotator.ts states how long a hand takes) labels images of
 * nuclei, object by object from the largest on, until the Dice of the foreground is .9, and counts seconds and actions.
 *
 * - brush: for each object the thickest disc whose strokes inside it give Dice .9 of the object; one stroke each, and a
 *   drag with Alt where that is a brush of another size.
 * - polygon: as few corners on its outline as give IoU .9, and a click on the first one.
 * - scissors: as few corners as let the ways between them enclose IoU .9 (canvas/edge-paths.ts); else as the polygon.
 * - box: a box around it and Enter; below IoU .7 up to two clicks where it is most wrong, then the brush mends the rest.
 * - click: the same, from a click where it is deepest.
 * - scribbles: strokes of up to 30 px where the proposal is most wrong, up to 16, a key where the class changes; where
 *   three in a row have made it no better they are taken back, a key each; Enter; then the brush paints what is missing of
 *   an object, or erases what is too much, the largest such part first.
 * Points on an outline have to be hit within 3 px, points in an object within its width. The network is the one that comes
 * with Graft, and looks at the whole image. An image that did not get there counts with all that was done.
 *
 * usage: labelling-effort.ts [--data DIR,…] [--images 20] [--tools brush,polygon,scissors,box,click,scribbles]
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { classifyImage } from '../../engine/assist/classify-image.ts';
import { withTileThreads } from '../../engine/assist/tile-threads.ts';
import { growTogether, ImageClassifier } from '../../shared/assist/image-classifier.ts';
import {
  FOREST_SEED,
  NO_SCRIBBLE,
  scribbledPixels,
  scribbledSet,
  type TileSamples,
} from '../../shared/assist/scribbled.ts';
import type { TileWorker } from '../../shared/assist/tile-work.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import { type Place, Hand } from './annotator.ts';
import { report, type Row } from './measure.ts';
import {
  deepest,
  dice,
  errorsOf,
  iou,
  type Mask,
  mean,
  type NucleiImage,
  nucleiImages,
  type TrueObject,
} from './nuclei-objects.ts';
import { brushed, outlined, type Outlining } from './outlining.ts';
import { look, type Looked } from './prompting.ts';

const { values: flags } = parseArgs({
  options: {
    data: {
      type: 'string',
      default: '../shared/data/dsb2018/fluorescence,../shared/data/dsb2018/histology',
    },
    images: { type: 'string', default: '20' },
    tools: { type: 'string', default: 'brush,polygon,scissors,box,click,scribbles' },
  },
});
const WANTED = 0.9;
/** Below it a mask is corrected by further clicks. */
const GOOD_ENOUGH = 0.7;
const MORE_CLICKS = 2;
const ON_OUTLINE_PX = 3;
const SCRIBBLE = { widthPx: 4, lengthPx: 30, most: 16, mostInVain: 3 };
/** Parts that the brush mends of an image. */
const MOST_PARTS = 200;
const { signal } = new AbortController();

interface Labelled {
  readonly seconds: number;
  readonly actions: number;
  readonly dice: number;
}

/** What an image is labelled with; `done` after every object whether it is enough. */
interface Sheet {
  readonly image: NucleiImage;
  readonly truth: Mask;
  readonly found: Uint8Array;
  readonly hand: Hand;
}

const isEnough = ({ found, truth }: Sheet) => dice(found, truth.data) >= WANTED;

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
  for (let more = 0; ; more++) {
    const { masks } = await looked.ask({ points, ...box });
    mask = Uint8Array.from(masks[0]?.data ?? mask);
    if (iou(mask, object.data) >= GOOD_ENOUGH || more === MORE_CLICKS) break;
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

/** A straight stroke from the deepest place of a mask, as far as it stays in it. */
function strokeIn(mask: Mask): { at: Place; to: Place; lengthPx: number; pixels: number[] } | null {
  const at = deepest(mask);
  if (at === null) return null;
  let best: { to: Place; lengthPx: number } = { to: at, lengthPx: 0 };
  for (let turn = 0; turn < 16; turn++) {
    const angle = (turn * Math.PI) / 8;
    let far = 0;
    while (far < SCRIBBLE.lengthPx) {
      const x = Math.floor(at.x + (far + 1) * Math.cos(angle));
      const y = Math.floor(at.y + (far + 1) * Math.sin(angle));
      const isIn = x >= 0 && y >= 0 && x < mask.width && y < mask.height;
      if (!isIn || mask.data[y * mask.width + x] === 0) break;
      far++;
    }
    if (far > best.lengthPx) {
      const to = { x: at.x + far * Math.cos(angle), y: at.y + far * Math.sin(angle) };
      best = { to, lengthPx: far };
    }
  }
  const pixels: number[] = [];
  const reach = SCRIBBLE.widthPx / 2;
  for (let far = 0; far <= best.lengthPx; far++) {
    const share = best.lengthPx === 0 ? 0 : far / best.lengthPx;
    const x: number = at.x + (best.to.x - at.x) * share;
    const y: number = at.y + (best.to.y - at.y) * share;
    for (let dy = -reach; dy < reach; dy++) {
      for (let dx = -reach; dx < reach; dx++) {
        const px = Math.floor(x + dx);
        const py = Math.floor(y + dy);
        const on = py * mask.width + px;
        const isIn = px >= 0 && py >= 0 && px < mask.width && py < mask.height;
        if (isIn && mask.data[on] === 1) pixels.push(on);
      }
    }
  }
  return { at, ...best, pixels };
}

async function scribbled(sheet: Sheet, workers: readonly TileWorker[]): Promise<void> {
  const { image, truth, found, hand } = sheet;
  const { width, height } = truth;
  const strokes = new Uint8Array(found.length).fill(NO_SCRIBBLE);
  const pixels = image.pixels;
  const classifier = new ImageClassifier({ pixels, workers, keepBytes: 2 ** 28 });
  await classifier.forget();
  let wasObject = true;
  // What is proposed after no stroke is nothing.
  let best = { proposed: found.slice(), dice: 0 };
  let drawnSince = 0;
  for (let stroke = 0; stroke < SCRIBBLE.most && !isEnough(sheet); stroke++) {
    const { missing, extra } = errorsOf(found, truth);
    const around = { width, height, data: truth.data.map((one) => 1 - one) };
    // The first two say what is what; then where it is most wrong.
    const isObject =
      stroke < 2 ? stroke === 0 : (deepest(missing)?.depth ?? 0) >= (deepest(extra)?.depth ?? 0);
    const drawn = strokeIn(
      stroke === 0 ? truth : stroke === 1 ? around : isObject ? missing : extra,
    );
    if (drawn === null) break;
    const { at, to, lengthPx } = drawn;
    if (stroke > 0 && isObject !== wasObject) hand.key();
    wasObject = isObject;
    hand.stroke(at, { to, lengthPx, widthPx: 2 * SCRIBBLE.widthPx });
    drawnSince++;
    for (const pixel of drawn.pixels) strokes[pixel] = isObject ? 1 : 0;
    if (stroke === 0) continue;
    const parts: TileSamples[] = [];
    for (let tile = 0; tile < classifier.tileCount; tile++) {
      const { x0, y0, x1, y1 } = classifier.areaOf(tile);
      const size = { width: x1 - x0, height: y1 - y0, stride: width };
      const own = scribbledPixels(strokes.subarray(y0 * width + x0), size);
      if (own.pixels.length === 0) continue;
      parts.push({ features: await classifier.sample(tile, own.pixels), values: own.values });
    }
    const set = scribbledSet(parts, classifier.featureCount);
    if (set.classCount < 2) continue;
    const forest = await growTogether(workers, set, { seed: FOREST_SEED });
    const { map } = await classifyImage(pixels, { forest, values: set.values, workers, signal });
    found.set(map.data);
    const now = dice(found, truth.data);
    if (now > best.dice) {
      best = { proposed: found.slice(), dice: now };
      drawnSince = 0;
    } else if (drawnSince >= SCRIBBLE.mostInVain) break;
  }
  // The same strokes give the same proposal.
  for (let back = 0; back < drawnSince; back++) hand.key();
  found.set(best.proposed);
  hand.key();
}

/** The brush mends what is most wrong, part by part, until it is enough. */
function mendAll(sheet: Sheet): void {
  const { image, truth, found, hand } = sheet;
  const { width, height } = truth;
  for (let part = 0; part < MOST_PARTS && !isEnough(sheet); part++) {
    const { missing, extra } = errorsOf(found, truth);
    const parts = image.objects.map((object) =>
      Uint8Array.from(object.data, (one, i) => one & (missing.data[i] ?? 0)),
    );
    const { data: numbers } = componentsOf({ ...extra }, { hasBackground: true });
    const sizes = new Map<number, number>();
    for (const number of numbers) {
      if (number > 0) sizes.set(number, (sizes.get(number) ?? 0) + 1);
    }
    const [worst] = [...sizes].sort(([, a], [, b]) => b - a);
    if (worst !== undefined)
      parts.push(Uint8Array.from(numbers, (one) => Number(one === worst[0])));
    const areas = parts.map((data) => data.reduce((sum, one) => sum + one, 0));
    const most = areas.indexOf(Math.max(...areas));
    const data = parts[most];
    if (data === undefined || (areas[most] ?? 0) === 0) return;
    const { mask, at, lengthPx, widthPx } = brushed({ width, height, data }, WANTED);
    hand.brush(at, { lengthPx, widthPx });
    for (let i = 0; i < mask.length; i++) if (mask[i] === 1) found[i] = truth.data[i] ?? 0;
  }
}

async function labelled(
  image: NucleiImage,
  tool: string,
  { looked, workers }: { readonly looked: Looked | null; readonly workers: readonly TileWorker[] },
): Promise<Labelled> {
  const { width, height } = image.pixels;
  const data = new Uint8Array(width * height);
  for (const object of image.objects)
    object.data.forEach((one, i) => (data[i] = (data[i] ?? 0) | one));
  const truth = { width, height, data };
  const sheet = { image, truth, found: new Uint8Array(data.length), hand: new Hand() };
  if (tool === 'scribbles') {
    await scribbled(sheet, workers);
    mendAll(sheet);
  }
  for (const object of image.objects) {
    if (tool === 'scribbles' || isEnough(sheet)) break;
    if (tool === 'brush') brush(sheet, object);
    else if (tool === 'polygon' || tool === 'scissors') outline(sheet, object, tool);
    else if (looked !== null) {
      await prompted(sheet, object, { looked, begins: tool === 'box' ? 'box' : 'click' });
    }
  }
  const { seconds, actions } = sheet.hand;
  return { seconds, actions, dice: dice(sheet.found, data) };
}

await withTileThreads(async (workers) => {
  const rows: Row[] = [];
  for (const folder of flags.data.split(',')) {
    const images = (await nucleiImages(resolve(folder), Number(flags.images))).filter(
      ({ objects }) => objects.length > 0,
    );
    const tools = flags.tools.split(',');
    const all = new Map<string, Labelled[]>(tools.map((tool) => [tool, []]));
    for (const image of images) {
      const { width, height } = image.pixels;
      const asks = tools.some((tool) => tool === 'box' || tool === 'click');
      const looked = asks ? await look(image.pixels, { left: 0, top: 0, width, height }) : null;
      for (const tool of tools)
        all.get(tool)?.push(await labelled(image, tool, { looked, workers }));
    }
    const brushActions = mean(all.get('brush')?.map(({ actions }) => actions) ?? [Number.NaN]);
    for (const [tool, found] of all) {
      const actions = mean(found.map((one) => one.actions));
      rows.push({
        ...{ data: basename(folder), tool, images: found.length },
        ...{ seconds: mean(found.map((one) => one.seconds)), actions },
        'times fewer than brush': brushActions / actions,
        dice: mean(found.map((one) => one.dice)),
        'Dice .9': `${found.filter((one) => one.dice >= WANTED).length} of ${found.length}`,
        'Dice a minute': mean(found.map((one) => one.dice / (one.seconds / 60))),
      });
    }
  }
  report('labelling effort to Dice .9, an image', rows);
});
process.exit();
