/**
 * The processes of the harness, built as the engine's are: they start in half the time that their sources take, and there
 * are dozens of them. What they start in their turn is the built engine's.
 */
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { build, mergeConfig, type Plugin } from 'vite';
import { installFolder, withLock } from '../../build/install-lock.mjs';
import { forNode } from '../../build/vite.engine.mjs';
import { sha256 } from '../../engine/sha256.ts';

const ENTRIES = ['kills/victim', 'kills/page', 'messages/engine-process'] as const;
type Entry = (typeof ENTRIES)[number];

const HERE = import.meta.dirname;
const INSTALLATION = join(HERE, '../../engine/installation.ts');

/** Where the engine lies is told from where this module does: it stays in its build. */
const installedIn = (built: string): Plugin => ({
  name: 'installation-of-the-built-engine',
  enforce: 'pre',
  async resolveId(id, from) {
    const resolved = await this.resolve(id, from, { skipSelf: true });
    if (resolved?.id !== INSTALLATION) return null;
    return { id: join(built, 'installation.mjs'), external: 'absolute' };
  },
});

/** Tells states of the harness apart; those of the engine have builds of their own. */
function stateOfSources(): string {
  const names = readdirSync(HERE, { recursive: true, encoding: 'utf8' }).sort();
  const facts = names.map((name) => {
    const { size, mtimeMs } = statSync(join(HERE, name));
    return `${name} ${size} ${mtimeMs}`;
  });
  return sha256(new TextEncoder().encode(facts.join('\n'))).slice(0, 16);
}

async function buildInto(folder: string, built: string): Promise<void> {
  const input = Object.fromEntries(ENTRIES.map((entry) => [entry, join(HERE, `${entry}.ts`)]));
  await build(
    mergeConfig(forNode(input), {
      configFile: false,
      logLevel: 'warn',
      plugins: [installedIn(built)],
      build: { outDir: folder },
    }),
  );
}

/** Those of engines that are gone go as well. */
function removeOld(parent: string, builds: string): void {
  for (const name of readdirSync(parent)) {
    const [engine = ''] = name.split('-');
    if (!existsSync(join(builds, engine))) rmSync(join(parent, name), { recursive: true });
  }
}

/** The file of a process to start. It is built where it is not there yet. */
export async function processOf(entry: Entry): Promise<string> {
  const built = process.env['GRAFT_BUILT_ENGINE'];
  if (built === undefined) throw new Error('GRAFT_BUILT_ENGINE says where the engine is built.');
  const builds = dirname(built);
  // Not in the engine's own build, which is packaged as it is.
  const parent = join(dirname(builds), 'built-faults');
  const folder = join(parent, `${basename(built)}-${stateOfSources()}`);
  if (existsSync(folder)) return join(folder, `${entry}.mjs`);
  await withLock(
    `${parent}.lock`,
    () => undefined,
    async () => {
      if (existsSync(folder)) return;
      await installFolder(folder, (part) => buildInto(part, built));
      removeOld(parent, builds);
    },
  );
  return join(folder, `${entry}.mjs`);
}
