/**
 * Where this Graft lies, whether it is a clone or an installed copy, and what a message tells a person to do or type in
 * it.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Whether this is the engine that build/engine.mjs made of the sources. */
export const isBuilt = import.meta.filename.endsWith('.mjs');

/** The engine's folder: that of its sources, or the one in which it was built. */
export const ENGINE = import.meta.dirname;

function folderOfManifest(from: string): string {
  const above = dirname(from);
  return above === from || existsSync(join(from, 'package.json')) ? from : folderOfManifest(above);
}

/** The folder of it all: of the clone, or of what was installed. */
export const ROOT = folderOfManifest(ENGINE);

/** What sets up a clone is in no package. */
const isClone = existsSync(join(ROOT, 'build', 'bootstrap.mjs'));

/** A sentence for where native TensorFlow is missed. */
export const NATIVE_REMEDY = isClone
  ? 'Native TensorFlow is set up by "npm start".'
  : '"graft doctor" says why native TensorFlow does not run here.';

/** What to do where no training engine runs at all. */
export const REPAIR = isClone
  ? 'Delete node_modules and run npm start again; it says which step fails.'
  : 'Install Graft again, in a package for this system.';

/** What to do where a part that setting up makes is not there or does not load. */
export const SET_UP_AGAIN = isClone ? 'Run "npm run setup".' : 'Install Graft again.';

/** What to do where files of Graft itself are not there. */
export const GET_AGAIN = isClone
  ? 'Bring its files back ("git restore ." in a clone), or get Graft again.'
  : 'Install Graft again.';

/** The command line, and the start with its window. */
export const COMMANDS = isClone
  ? ({ graft: 'npm run -s graft --', start: 'npm start --' } as const)
  : ({ graft: 'graft', start: 'graft serve --open' } as const);
