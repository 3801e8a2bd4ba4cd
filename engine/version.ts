/** Graft's own version, as package.json has it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ROOT } from './installation.ts';

const PACKAGE_FILE = join(ROOT, 'package.json');

export const GRAFT_VERSION = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(PACKAGE_FILE, 'utf8'))).version;
