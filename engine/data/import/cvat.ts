/**
 * CVAT's XML for images 1.1: polygons, boxes, ellipses and masks with run lengths. Corners run along the edges of pixels;
 * polygons are filled as CVAT's own masks are, by pycocotools, boxes and ellipses where the centre of a pixel lies inside.
 * Shapes of one label and group_id are one object, and those of a larger z_order lie above. The XML is read without its
 * document type and entities, to a bounded depth. Of a file that is cut off or broken in the middle, the images that it
 * tells of whole before that are read.
 */
import { SaxesParser, type SaxesTagPlain } from 'saxes';
import { AppError } from '../../../shared/errors.ts';
import { countedWith } from '../../../shared/number-format.ts';
import { partOfName } from './folder-names.ts';
import { sizeOf } from './json-fields.ts';
import {
  EntryIssues,
  type LabelContent,
  type LabelledImage,
  type LabelName,
  type NamedShape,
  type Outline,
} from './shapes.ts';

/** Elements within elements; CVAT's own have seven. */
const MOST_DEPTH = 32;
/** Corners of an ellipse. */
const ELLIPSE_CORNERS = 360;
/** Elements of an image that have no area. */
const WITHOUT_AREA = new Set(['polyline', 'points', 'skeleton', 'cuboid', 'tag']);
const WITH_AREA = new Set(['polygon', 'box', 'ellipse', 'mask']);

type Attributes = Readonly<Record<string, string>>;

interface Placed extends NamedShape {
  readonly level: number;
}

interface OpenImage {
  readonly where: string;
  readonly attributes: Attributes;
  readonly shapes: Placed[];
  unusable: number;
}

/** Where XML is no longer any. */
class BrokenXml extends Error {}

/** Errors: unreadable (not well-formed before the end of its first image, not CVAT's for images), naming `path`. */
export function readCvat(text: string, path: string): LabelContent {
  return new CvatReader(path).read(text);
}

class CvatReader {
  readonly #parser = new SaxesParser();
  readonly #path: string;
  readonly #issues = new EntryIssues();
  readonly #labels: { name: string; color: string }[] = [];
  readonly #images: LabelledImage[] = [];
  readonly #names = new Set<string>();
  /** Elements that are open, from the root on. */
  readonly #open: string[] = [];
  #image: OpenImage | null = null;
  #tooDeep = 0;
  #lineOfShape = 0;

  constructor(path: string) {
    this.#path = path;
    const parser = this.#parser;
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('closetag', () => this.#closed());
    parser.on('text', (text) => this.#text(text));
    parser.on('doctype', () => {
      this.#issues.say(
        'change',
        this.#line(),
        'its document type is not read, nor what it defines',
      );
    });
    parser.on('error', (error) => {
      // What a document type would define stays as it is written.
      if (/undefined entity/.test(error.message)) {
        this.#issues.say(
          'change',
          this.#line(),
          'an entity that XML does not have is not resolved',
        );
        return;
      }
      throw new BrokenXml(error.message.replace(/^\S*:\s*/, ''));
    });
  }

  read(text: string): LabelContent {
    try {
      this.#parser.write(text).close();
    } catch (error) {
      if (!(error instanceof BrokenXml)) throw error;
      this.#endsHere(error.message);
    }
    if (this.#tooDeep > 0) {
      const message = `${this.#tooDeep} elements lie more than ${MOST_DEPTH} deep within one another: left out`;
      this.#issues.say('skip', 'elements', message);
    }
    const labels = this.#labels.map(({ name, color }): LabelName => {
      const isColor = /^#[0-9a-f]{6}$/i.test(color.trim());
      return { name: name.trim(), color: isColor ? color.trim().toLowerCase() : null };
    });
    return { labels, images: this.#images, issues: this.#issues.all() };
  }

  /** Keeps what was told whole; of an image that was begun, nobody knows what else it has. */
  #endsHere(reason: string): void {
    const broken = `is no whole XML at ${this.#line()}: ${reason.replace(/\.?$/, '.')}`;
    if (this.#images.length === 0) {
      throw this.#unreadable(`${broken} Export it again from its source.`);
    }
    const read = `${countedWith(this.#images.length, 'image', 'stand')} whole before that, and what follows is lost`;
    this.#issues.say('skip', this.#line(), `the file ${broken} ${read}: export it again`);
    if (this.#image === null) return;
    const { where, attributes, shapes } = this.#image;
    const { name = '' } = attributes;
    if (name === '') return;
    this.#issues.say('skip', where, `the file ends within ${name}: it is left unlabelled`);
    this.#addImage({ where, attributes, shapes: [], unusable: shapes.length + 1 });
  }

  #line(): string {
    return `line ${this.#parser.line}`;
  }

  /** Where several shapes stand in one line: the column that this one ends in. */
  #column(): string {
    const { line, column } = this.#parser;
    const isAgain = line === this.#lineOfShape;
    this.#lineOfShape = line;
    return isAgain ? `, column ${column}` : '';
  }

  #unreadable(reason: string): AppError {
    return new AppError('unreadable', `${this.#path} ${reason}`, { subject: this.#path });
  }

  #opened({ name, attributes }: SaxesTagPlain): void {
    const depth = this.#open.push(name);
    if (depth === 1 && name !== 'annotations') {
      throw this.#unreadable(
        `is not CVAT's XML for images: it begins with <${name}> instead of <annotations>.`,
      );
    }
    if (depth > MOST_DEPTH) {
      this.#tooDeep++;
      return;
    }
    if (depth === 2 && name === 'track') {
      throw this.#unreadable(
        'is CVAT for video (it has tracks). Export it as "CVAT for images 1.1".',
      );
    }
    if (name === 'label' && this.#open.at(-2) === 'labels') {
      this.#labels.push({ name: '', color: '' });
    } else if (name === 'image' && depth === 2) this.#openImage(attributes);
    else if (this.#image !== null && depth === 3) this.#shape(name, attributes, this.#image);
  }

  #text(text: string): void {
    const label = this.#labels.at(-1);
    const [within, own] = [this.#open.at(-2), this.#open.at(-1)];
    if (label === undefined || within !== 'label' || this.#open.length > MOST_DEPTH) return;
    if (own === 'name') label.name += text;
    if (own === 'color') label.color += text;
  }

  #closed(): void {
    this.#open.pop();
    if (this.#image === null || this.#open.length !== 1) return;
    const image = this.#image;
    this.#image = null;
    this.#addImage(image);
  }

  #addImage({ where, attributes, shapes, unusable }: OpenImage): void {
    const fileName = attributes['name'] ?? '';
    if (fileName === '') {
      this.#issues.say('skip', where, 'it has no name: no image can be found for it');
      return;
    }
    this.#images.push({
      ...{ where, fileName, unusable, labelled: false },
      size: sizeOf(attributes['width'], attributes['height']),
      part: partOfName(attributes['subset'] ?? '') ?? null,
      shapes: shapes.toSorted((a, b) => a.level - b.level),
    });
  }

  #openImage(attributes: Attributes): void {
    const { id, name = '' } = attributes;
    const where = id === undefined ? `image in ${this.#line()}` : `image ${id}`;
    if (this.#names.has(name)) {
      this.#issues.say('change', where, `${name} is listed twice: all its shapes are taken`);
    }
    this.#names.add(name);
    this.#image = { where, attributes, shapes: [], unusable: 0 };
  }

  #shape(kind: string, attributes: Attributes, image: OpenImage): void {
    const where = `${image.where}, ${kind} in ${this.#line()}${this.#column()}`;
    const label = (attributes['label'] ?? '').trim();
    if (WITHOUT_AREA.has(kind)) {
      this.#issues.say('skip', where, `a ${kind} has no area`);
      if (kind !== 'tag') image.unusable++;
      return;
    }
    if (!WITH_AREA.has(kind)) return; // attributes of an image, and what later versions add
    const outline = label === '' ? 'it has no label' : outlineOf(kind, attributes);
    if (typeof outline === 'string') {
      this.#issues.say('skip', where, outline);
      image.unusable++;
      return;
    }
    const group = attributes['group_id'] ?? '0';
    const level = Number(attributes['z_order'] ?? 0);
    image.shapes.push({
      ...{ where, label, crowd: false, outline },
      object: group === '0' || group === '' ? null : group,
      level: Number.isFinite(level) ? level : 0,
    });
  }
}

/** NaN where there is none. */
const numberAt = (attributes: Attributes, name: string): number => {
  const text = attributes[name]?.trim() ?? '';
  return text === '' ? Number.NaN : Number(text);
};

/** Text: why there is none. */
function outlineOf(kind: string, attributes: Attributes): Outline | string {
  const at = (name: string) => numberAt(attributes, name);
  switch (kind) {
    case 'polygon':
      return [(attributes['points'] ?? '').split(';').flatMap((p) => pair(p))];
    case 'mask': {
      const text = attributes['rle']?.trim() ?? '';
      const runs = text === '' ? [] : text.split(',').map((run) => Number(run));
      return {
        ...{ left: at('left'), top: at('top'), width: at('width'), height: at('height') },
        runs,
      };
    }
    case 'box': {
      const [x0, y0, x1, y1] = [at('xtl'), at('ytl'), at('xbr'), at('ybr')];
      return { rings: [turned([x0, y0, x1, y0, x1, y1, x0, y1], at('rotation'))] };
    }
    default:
      return { rings: [ellipse(at('cx'), at('cy'), [at('rx'), at('ry'), at('rotation')])] };
  }
}

function pair(text: string): number[] {
  const [x = '', y = '', ...more] = text.split(',');
  if (x.trim() === '' || y.trim() === '' || more.length > 0) return [Number.NaN, Number.NaN];
  return [Number(x), Number(y)];
}

function ellipse(x: number, y: number, [rx, ry, turn]: readonly [number, number, number]) {
  const ring = Array.from({ length: ELLIPSE_CORNERS }, (_, i) => {
    const angle = (2 * Math.PI * i) / ELLIPSE_CORNERS;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle)];
  }).flat();
  return turned(ring, turn);
}

/** Turned clockwise on screen round the middle of its corners; `degrees` NaN: not at all. */
function turned(ring: readonly number[], degrees: number): number[] {
  if (!Number.isFinite(degrees) || degrees === 0) return [...ring];
  const corners = ring.length / 2;
  const mean = (first: number) =>
    ring.reduce((sum, c, i) => (i % 2 === first ? sum + c : sum), 0) / corners;
  const [mx, my] = [mean(0), mean(1)];
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  return Array.from({ length: corners }, (_, i) => {
    const [dx, dy] = [(ring[2 * i] ?? 0) - mx, (ring[2 * i + 1] ?? 0) - my];
    return [mx + dx * cos - dy * sin, my + dx * sin + dy * cos];
  }).flat();
}
