import { expect, it } from 'vitest';
import { assertFileName } from '../../shared/names.ts';

it.each([
  ...['../a.png', 'a/../../b.png', '..', '..\\a.png', 'a\\..\\..\\b.png', 'a/..'],
  ...['/etc/a.png', '\\a.png', '\\\\server\\a.png', 'C:\\a.png', 'c:/a.png', 'c:'],
  ...['', '.', './a.png', 'a//b.png', 'a/', 'a\0.png', `${'a'.repeat(1001)}.png`],
])('%j is the name of no file in a folder', (name) => {
  expect(() => assertFileName(name)).toThrow(/image name/);
});

it.each([
  ...['a.png', 'a/b.png', 'a b/ü.tif', '...', '..a.png', 'a...b', '12:30.png', 'a\\b.png'],
  '.hidden/a.png',
])('%j is', (name) => {
  expect(() => assertFileName(name)).not.toThrow();
});
