/** What the command line writes: names of strangers steer no terminal. */
import { expect, it, vi } from 'vitest';
import { createProgressBar, harmless, print } from '../../../engine/cli/output.ts';

/** Moves the cursor up, begins a line anew, ends the colours, and asks a terminal of old to listen. */
const NAME = 'a\u001b[1Ab\rc\u0000d\u007fe\u009b31mf.png';
const SHOWN = 'a␛[1Ab␍c␀d␡e\ufffd31mf.png';

it('shows what would steer a terminal, and keeps lines, tabs and all letters', () => {
  expect(harmless(NAME)).toBe(SHOWN);
  expect(harmless('é ü 漢 🙂\ttwo\nlines')).toBe('é ü 漢 🙂\ttwo\nlines');
});

it('writes names so in tables and beside progress, and as they are in JSON', () => {
  const written: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
  try {
    print({ json: false }, null, ['names', NAME]);
    print({ json: true }, { name: NAME }, '');
  } finally {
    write.mockRestore();
  }
  expect(written[0]).toBe(`names\n${SHOWN}\n`);
  expect(JSON.parse(written[1] ?? '')).toEqual({ name: NAME });
  const stream = { isTTY: true, columns: 200, write: (text: string) => void written.push(text) };
  createProgressBar(stream as never).update({ done: 0, total: 2, message: NAME });
  expect(written[2]).toMatch(new RegExp(`^\\r\\u001b\\[K.*${SHOWN.replaceAll('[', '\\[')}$`));
});

it('never says 100 % of what is under way', () => {
  const written: string[] = [];
  for (const isTTY of [true, false]) {
    const stream = { isTTY, columns: 200, write: (text: string) => void written.push(text) };
    createProgressBar(stream as never).update({ done: 3, total: 3, message: 'Imported' });
  }
  expect(written.map((text) => /(\d+) %/.exec(text)?.[1])).toEqual(['99', '99']);
  expect(written[0]).toContain('░');
});
