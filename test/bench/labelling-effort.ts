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
 * - scribbles: strokes where the proposal is most wrong, as scribbling.ts says, the right button on background; Enter; then
 *   the brush (mending.ts).
 * - carried: the same, with _In every image I open_ on, one click in the first image: the labels of the images before
 *   propose the next one before its first stroke.
 * Points on an outline have to be hit within 3 px, points in an object within its width. The network is the one that comes
 * with Graft, and looks at the whole image. An image that did not get there counts with all that was done.
 *
 * usage: labelling-effort.ts [--data DIR,…] [--images 20] [--tools brush,polygon,scissors,box,click,scribbles,carried]
 *   [--keep PATH] (what the network saw is kept beside it)
 */
import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { withTileThreads } from '../../engine/assist/tile-threads.ts';
import { Hand } from './annotator.ts';
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
} from './nuclei-objects.ts';
import { brushed, outlined, type Outlining } from './outlining.ts';
import { look, type Looked } from './prompting.ts';
import { learnLabels, scribble, type Sitting } from './scribbling.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string', default: NUCLEI_FOLDERS },
    images: { type: 'string', default: '20' },
    tools: { type: 'string', default: 'brush,polygon,scissors,box,click,scribbles,carried' },
    keep: { type: 'string' },
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

async function labelled(
  image: NucleiImage,
  tool: string,
  { looked, sitting }: { readonly looked: Looked | null; readonly sitting: Sitting },
): Promise<Labelled> {
  const { width, height } = image.pixels;
  const data = new Uint8Array(width * height);
  for (const object of image.objects)
    object.data.forEach((one, i) => (data[i] = (data[i] ?? 0) | one));
  const truth = { width, height, data };
  const sheet = { image, truth, found: new Uint8Array(data.length), hand: new Hand() };
  if (tool === 'scribbles') await scribble(sheet, { ...sitting, labelled: [] });
  if (tool === 'carried') {
    if (sitting.labelled.length === 0) sheet.hand.click({ x: width, y: 0 }, SWITCH_PX);
    await scribble(sheet, sitting);
  }
  const isScribbled = tool === 'scribbles' || tool === 'carried';
  if (isScribbled) mendAll(sheet);
  if (tool === 'carried') await learnLabels(sheet, sitting);
  for (const object of image.objects) {
    if (isScribbled || isEnough(sheet)) break;
    if (tool === 'brush') brush(sheet, object);
    else if (tool === 'polygon' || tool === 'scissors') outline(sheet, object, tool);
    else if (looked !== null) {
      await prompted(sheet, object, { looked, begins: tool === 'box' ? 'box' : 'click' });
    }
  }
  const { seconds, actions, lifted } = sheet.hand;
  return { seconds, actions, lifted, dice: dice(sheet.found, data) };
}

await withTileThreads(async (workers) => {
  const rows: Row[] = [];
  for (const folder of flags.data.split(',')) {
    const images = (await nucleiImages(resolve(folder), Number(flags.images))).filter(
      ({ objects }) => objects.length > 0,
    );
    const tools = flags.tools.split(',');
    const sitting: Sitting = { workers, labelled: [] };
    const all = new Map<string, Labelled[]>(tools.map((tool) => [tool, []]));
    for (const image of images) {
      const { width, height } = image.pixels;
      const asks = tools.some((tool) => tool === 'box' || tool === 'click');
      const looked = asks
        ? await look(image.pixels, { left: 0, top: 0, width, height }, { keepAt: flags.keep })
        : null;
      for (const tool of tools) {
        const one = await labelled(image, tool, { looked, sitting });
        all.get(tool)?.push(one);
        console.error(
          JSON.stringify({ data: basename(folder), name: image.name.slice(0, 8), tool, ...one }),
        );
      }
    }
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
