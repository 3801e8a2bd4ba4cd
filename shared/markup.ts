/**
 * Text of HTML and SVG, built from template literals that escape whatever is put into them.
 * Knows nothing of documents: what comes out is a string.
 */

/** Text that is markup already. Made only by `markup` and `trusted`. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  toString(): string {
    return this.text;
  }
}

/** What may stand in a template; null, undefined and false leave nothing behind. */
export type MarkupValue =
  | Markup
  | string
  | number
  | readonly MarkupValue[]
  | null
  | undefined
  | false;

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Control characters but tab, line feed and carriage return: HTML forbids them. */
const FORBIDDEN = /[^\P{Cc}\t\n\r]/gu;

/** Safe in text and in quoted attributes. */
export function escapeMarkup(text: string): string {
  return text.replace(FORBIDDEN, '').replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '');
}

/** Coordinates need no more than hundredths; numbers meant for readers go through number-format.ts. */
function coordinate(value: number): string {
  if (!Number.isFinite(value)) throw new RangeError(`Not a coordinate: ${value}`);
  return String(Math.round(value * 100) / 100 + 0);
}

function render(value: MarkupValue): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'string') return escapeMarkup(value);
  if (typeof value === 'number') return coordinate(value);
  if (value === null || value === undefined || value === false) return '';
  return value.map(render).join('');
}

/**
 * Template tag: markup`<td>${name}</td>`. Strings are escaped, numbers rounded to hundredths,
 * lists joined without a separator.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return new Markup(parts.reduce((text, part, i) => text + render(values[i - 1]) + part));
}

/** Declares a text of the program's own, such as a style sheet, to be markup. Never for data. */
export function trusted(text: string): Markup {
  return new Markup(text);
}
