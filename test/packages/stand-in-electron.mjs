/**
 * `node stand-in-electron.mjs FOLDER` makes a folder that electron-builder takes for an unpacked Electron of Linux, where the real one cannot be had: its program
 * is a script that says so. What is put around it, and the engine in it, are the real ones.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What @electron/fuses looks for in the program: this mark, a version, a length, and a letter for each fuse. */
const FUSES = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1'),
  Buffer.from([1, 10]),
  Buffer.from('0000000000', 'latin1'),
]);
const PROGRAM = `#!/bin/sh
echo "This is a stand-in for Electron: there is a window in a real package." >&2
exit 1
`;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Say where: node stand-in-electron.mjs FOLDER');
for (const name of ['resources', 'locales'])
  mkdirSync(path.join(folder, name), { recursive: true });
const write = (/** @type {string} */ name, /** @type {string | Buffer} */ content) =>
  writeFileSync(path.join(folder, name), content);
write('electron', Buffer.concat([Buffer.from(PROGRAM), FUSES]));
chmodSync(path.join(folder, 'electron'), 0o755);
for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'resources.pak']) {
  write(name, 'A stand-in.\n');
}
for (const language of ['en-US', 'de']) write(`locales/${language}.pak`, 'A stand-in.\n');
