/**
 * JSON as tools write it: also with NaN, Infinity and -Infinity, which Python's json module writes and JSON does not
 * have. They are read as numbers that are not finite, so that only what needs such a number goes without it. Whole
 * numbers beyond those that JavaScript tells apart, as ids that are hashes, are read as text, digit by digit.
 */

/** Where a text stops being JSON, counted from 1. */
interface JsonFault {
  readonly line: number;
  readonly column: number;
  /** What stands there, or null where the text ends. */
  readonly found: string | null;
}

export type JsonText =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: JsonFault };

/** JSON's own way to a number beyond all: it parses to Infinity. */
const NOT_FINITE = '1e999';
const STRAY = /-?\b(?:NaN|Infinity)\b/g;

/** Index behind the string that begins at `quote`; the text's length where it does not end. */
function endOfString(text: string, quote: number): number {
  let at = quote + 1;
  for (;;) {
    const end = text.indexOf('"', at);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text[end - 1 - slashes] === '\\') slashes++;
    at = end + 1;
    if (slashes % 2 === 0) return at;
  }
}

/** What may be a whole number of more than fifteen digits, with what stands before it. */
const LONG_NUMBER = /(?<=[[,:\s]|^)-?[1-9]\d{15,}(?=[\],}\s]|$)/g;

/** Such numbers as text, where JavaScript takes several of them for one. */
const asText = (number: string): string =>
  Number.isSafeInteger(Number(number)) ? number : `"${number}"`;

const withoutStrayNumbers = (text: string): string =>
  outsideStrings(text, (plain) => plain.replace(STRAY, NOT_FINITE));

/** The text with `change` made to all that is in no string. */
function outsideStrings(text: string, change: (plain: string) => string): string {
  const out: string[] = [];
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    const plainEnd = quote < 0 ? text.length : quote;
    out.push(change(text.slice(at, plainEnd)));
    if (quote < 0) break;
    at = endOfString(text, quote);
    out.push(text.slice(quote, at));
  }
  return out.join('');
}

const SPACE = /\s*/y;
const LITERAL =
  /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null|-?Infinity|NaN)(?![\w.])/y;
/** What may begin a value; v stands for numbers and words. */
const VALUE = '{["v';

/** Index behind what `pattern` (sticky) finds at `at`; `at` where it finds nothing. */
function endOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The first index at which a text that is no JSON stops being it. */
function faultAt(text: string): number {
  const open: string[] = [];
  let allowed = VALUE;
  let key = false;
  for (let at = 0; ;) {
    const start = endOf(SPACE, text, at);
    const char = text[start] ?? '';
    const mark = '{}[],:"'.includes(char) ? char : 'v';
    if (char === '' || !allowed.includes(mark)) return start;
    at = start + 1;
    if (mark === 'v') at = endOf(LITERAL, text, start);
    if (mark === '"') at = endOfString(text, start);
    if (at === start) return start;
    // A string is checked by what knows its escapes; one that never ends was cut off.
    if (mark === '"' && !isString(text.slice(start, at))) return at === text.length ? at : start;
    if (mark === '{' || mark === '[') {
      open.push(mark);
      allowed = mark === '{' ? '"}' : `${VALUE}]`;
      key = mark === '{';
    } else if (mark === ',') {
      key = open.at(-1) === '{';
      allowed = key ? '"' : VALUE;
    } else if (mark === ':') {
      allowed = VALUE;
    } else if (key && mark === '"') {
      allowed = ':';
      key = false;
    } else {
      if (mark === '}' || mark === ']') open.pop();
      const around = open.at(-1);
      allowed = around === undefined ? '' : around === '{' ? ',}' : ',]';
      key = false;
    }
  }
}

function isString(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'string';
  } catch {
    return false;
  }
}

/** Characters of what is wrong that a message shows. */
const SHOWN = 12;

function faultIn(text: string): JsonFault {
  const at = faultAt(text);
  const before = text.slice(0, at);
  const found = /^\S[^\s,:}\]]*/.exec(text.slice(at, at + SHOWN))?.[0] ?? null;
  return { line: before.split('\n').length, column: at - before.lastIndexOf('\n'), found };
}

export function parseJsonText(written: string): JsonText {
  // Long texts are taken apart only where there is a reason to.
  const text =
    written.search(LONG_NUMBER) < 0
      ? written
      : outsideStrings(written, (plain) => plain.replace(LONG_NUMBER, asText));
  for (const form of [() => text, () => withoutStrayNumbers(text)]) {
    try {
      return { ok: true, value: JSON.parse(form()) };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  return { ok: false, fault: faultIn(written) };
}
