/**
 * `node stand-in-appimage.mjs FOLDER` makes the folder that APPIMAGE_TOOLS_PATH names, of the system's squashfs-tools and
 * desktop-file-utils, where electron-builder's own cannot be had. The one part that Debian has none of, the program at
 * the head of an AppImage, is a script that unpacks what the real one would mount.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Bytes of the script, filled up with line ends; what it unpacks begins behind it. */
const LENGTH = 4096;
const RUNTIME = `#!/bin/sh
# A stand-in for the runtime of AppImages.
set -e
self=$(readlink -f -- "$0")
if [ "$1" = --appimage-extract ]; then
  exec unsquashfs -quiet -no-progress -o ${LENGTH} -d squashfs-root "$self"
fi
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
unsquashfs -quiet -no-progress -o ${LENGTH} -d "$place/root" "$self"
APPDIR="$place/root" APPIMAGE="$self" "$place/root/AppRun" "$@"
exit
`;

const folder = process.argv[2];
if (folder === undefined) throw new Error('Say where: node stand-in-appimage.mjs FOLDER');
rmSync(folder, { recursive: true, force: true });
for (const name of ['runtimes', 'lib/x64']) mkdirSync(path.join(folder, name), { recursive: true });
writeFileSync(path.join(folder, 'runtimes', 'runtime-x64'), RUNTIME.padEnd(LENGTH, '\n'));
for (const tool of ['mksquashfs', 'desktop-file-validate']) {
  const where = execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim();
  symlinkSync(where, path.join(folder, tool));
}
