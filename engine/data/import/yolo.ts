/**
 * YOLO's labels of objects with outlines (Ultralytics): a text an image, in each line a class and an outline in shares of
 * width and height, along the edges of pixels; the names of the classes are in data.yaml or classes.txt. A pixel belongs to an
 * outline where its centre does, by the even-odd rule, so that parts and holes that are joined by a bridge come apart again.
 */
import { parseJsonText } from './json-text.ts';
import { EntryIssues, type LabelContent, type LabelName, type NamedShape } from './shapes.ts';
import { verbFor } from '../../../shared/number-format.ts';

/** A class and four numbers are a box. */
const BOX_NUMBERS = 4;
const OUTLINE_NUMBERS = 6;
/** Shares beyond this are none. */
const MOST_SHARE = 1;
/** Characters of a line that a message shows. */
const SHOWN = 30;

/** @param classes names by number; a number beyond them is called after itself. */
export function readYolo(text: string, classes: readonly string[]): LabelContent {
  const issues = new EntryIssues();
  const shapes: NamedShape[] = [];
  let unusable = 0;
  let sure = 0;
  text.split(/\r?\n/).forEach((line, i) => {
    const [first = '', ...rest] = line.trim().split(/\s+/);
    if (first === '') return;
    const where = `line ${i + 1}`;
    const numbers = rest.map(Number);
    // What was predicted ends with how sure that is.
    const hasScore = numbers.length > OUTLINE_NUMBERS && numbers.length % 2 === 1;
    if (hasScore) sure++;
    const ring = hasScore ? numbers.slice(0, -1) : numbers;
    // NumPy writes it as 0.000000e+00.
    const number = Number(first);
    const fault =
      Number.isInteger(number) && /^\d/.test(first)
        ? faultOf(ring)
        : `it does not begin with the number of a class (${line.trim().slice(0, SHOWN)})`;
    if (fault !== null) {
      issues.say('skip', where, fault);
      unusable++;
      return;
    }
    const label = classes[number] ?? `class ${number}`;
    if (classes.length > 0 && classes[number] === undefined) {
      issues.say('change', where, `its class ${number} is not listed: it is called "${label}"`);
    }
    const outline = { rings: [ring], isRelative: true };
    shapes.push({ where, label, crowd: false, object: null, outline });
  });
  if (sure > 0) {
    const message = `${sure} of its lines ${verbFor(sure, 'end')} with how sure a prediction was, which is left out`;
    issues.say('info', 'lines', message);
  }
  const image = { where: 'image', fileName: null, size: null, part: null, labelled: true };
  const labels = classes.map((name): LabelName => ({ name, color: null }));
  return { labels, images: [{ ...image, shapes, unusable }], issues: issues.all() };
}

function faultOf(numbers: readonly number[]): string | null {
  if (numbers.length === BOX_NUMBERS) return 'it is a box, which is no outline';
  if (!numbers.every((n) => Number.isFinite(n))) return 'it has corners that are not numbers';
  // Outlines may reach beyond the image, but none lies there as a whole.
  return numbers.length > 0 && numbers.every((n) => n > MOST_SHARE)
    ? 'it lies outside the image: YOLO has corners in shares of width and height (0 … 1), and these may be pixels'
    : null;
}

/** Whether a text begins as labels do. */
export const looksLikeYolo = (text: string): boolean => {
  const line = text.split(/\r?\n/).find((one) => one.trim() !== '') ?? '';
  return /^\s*\d+(?:\.0*(?:e[+-]?\d+)?)?(\s+-?\d*\.?\d+(e[+-]?\d+)?){4,}\s*$/i.test(line);
};

/** A name as YAML writes it: plain, or in quotes. */
function unquoted(written: string): string {
  const text = written.trim();
  if (/^'.*'$/.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (!/^".*"$/.test(text)) return text;
  const read = parseJsonText(text);
  return read.ok && typeof read.value === 'string' ? read.value : text.slice(1, -1);
}

/** A line without what is said beside it. */
const withoutComment = (line: string): string =>
  /['"]/.test(line) ? line : line.replace(/(^|\s)#.*$/, '');

/**
 * The names in data.yaml: as a list in brackets or below one another, or by number. Null: there are none. Only what
 * Ultralytics and Roboflow write of YAML is read.
 */
export function readYoloNames(text: string): string[] | null {
  const lines = text.split(/\r?\n/).map(withoutComment);
  const at = lines.findIndex((line) => /^names\s*:/.test(line));
  if (at < 0) return null;
  const head = (lines[at] ?? '').replace(/^names\s*:/, '').trim();
  const below = lines.slice(at + 1);
  const end = below.findIndex((line) => line.trim() !== '' && !/^\s|^-/.test(line));
  const block = end < 0 ? below : below.slice(0, end);
  if (/^[[{]/.test(head)) {
    const all = [head, ...block].join(' ');
    const inside = /^[[{](.*?)[\]}]/.exec(all)?.[1] ?? '';
    const entries = inside.split(',').filter((entry) => entry.trim() !== '');
    return namesOf(entries);
  }
  return namesOf(
    block.filter((line) => line.trim() !== '').map((line) => line.replace(/^\s*-\s*/, '')),
  );
}

/** 'cell', or '0: cell'. */
function namesOf(entries: readonly string[]): string[] {
  const names: (string | undefined)[] = [];
  entries.forEach((entry, i) => {
    const numbered = /^\s*(\d{1,5})\s*:(.*)$/.exec(entry);
    names[numbered === null ? i : Number(numbered[1])] = unquoted(numbered?.[2] ?? entry);
  });
  return Array.from(names, (name, i) => name ?? `class ${i}`);
}
