#!/usr/bin/env node
/** `graft …`: makes the clone ready and hands the arguments to the command line under the pinned Node. */
import path from 'node:path';
import { ensureReady, main } from './bootstrap.mjs';
import { foreground } from './command.mjs';
import { engineEnvironment, ensureEngine } from './engine.mjs';

await main(async () => {
  const node = await ensureReady();
  const engine = await ensureEngine(node);
  // `npm run graft` changes to the project's folder; paths on the command line are meant from where the user is.
  const { npm_lifecycle_event: script, INIT_CWD: from } = process.env;
  return foreground(node, [path.join(engine, 'cli.mjs'), ...process.argv.slice(2)], {
    cwd: script === 'graft' && from ? from : process.cwd(),
    env: engineEnvironment(engine),
  });
});
