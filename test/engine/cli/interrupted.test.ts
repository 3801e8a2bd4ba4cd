import { expect, it } from 'vitest';
import { exitCodeOf } from '../../../engine/cli/exit-codes.ts';
import { shellWord } from '../../../engine/shell-word.ts';
import { interrupted } from '../../../engine/cli/study.ts';

it('says after Ctrl+C what is kept and the whole command that goes on', () => {
  const command = ['graft', 'demo', '--quick', '--out', 'my demo']
    .map((word) => shellWord(word))
    .join(' ');
  const { code, message } = interrupted(command);
  expect(exitCodeOf(code)).toBe(130);
  expect(message).toBe(
    'Interrupted. What was trained so far is kept in the project; go on with: graft demo --quick --out "my demo"',
  );
});

it.each([
  ['cells.graft', 'cells.graft'],
  ['8,32', '8,32'],
  ['my cells.graft', '"my cells.graft"'],
  ['a"b$c', `'a"b$c'`],
  ["it's here!", String.raw`'it'\''s here!'`],
])('%s is %s in a shell', (text, word) => {
  expect(shellWord(text, 'linux')).toBe(word);
});

it('leaves the backslashes of Windows as they are', () => {
  const path = String.raw`C:\my cells.graft`;
  expect(shellWord(path, 'win32')).toBe(`"${path}"`);
});
