/**
 * `node build/run.mjs TOOL …` runs a tool of node_modules under the pinned Node, on a fresh clone too;
 * `node build/run.mjs FILE.ts …` runs a script of ours the same way.
 */
import path from 'node:path';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { foreground } from './command.mjs';
import { ensureEngine } from './engine.mjs';
import { projectRoot } from './locations.mjs';
import { SetupFailure } from './setup-failure.mjs';
import { toolScript } from './tools.mjs';

await main(async () => {
  const [what, ...args] = process.argv.slice(2);
  if (what === undefined) throw new SetupFailure('Say what to run: node build/run.mjs eslint .');
  const ours = /\.m?[jt]s$/.test(what);
  const node = await ensureReady({ native: ours || what === 'vitest' });
  const script = ours ? path.join(projectRoot, what) : toolScript(what);
  // A script of ours loads sources, and starts what users start.
  const built = ours ? { GRAFT_BUILT_ENGINE: await ensureEngine(node) } : {};
  return foreground(node, [script, ...args], { env: { ...commandEnvironment(), ...built } });
});
