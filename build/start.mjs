/** `npm start`: makes the clone ready and opens Graft's page. */
import path from 'node:path';
import { ensureReady, main } from './bootstrap.mjs';
import { foreground } from './command.mjs';
import { ensureElectronHere } from './electron-binary.mjs';
import { ensureShell } from './electron-shell.mjs';
import { engineEnvironment, ensureEngine } from './engine.mjs';
import { ensureWindow } from './window.mjs';

const started = Date.now();

await main(async () => {
  const node = await ensureReady();
  await ensureWindow(node);
  const engine = await ensureEngine(node);
  if ((await ensureElectronHere(node)).electron !== null) await ensureShell(node);
  return foreground(
    node,
    [path.join(engine, 'cli.mjs'), 'serve', '--open', ...process.argv.slice(2)],
    {
      env: { ...engineEnvironment(engine), GRAFT_STARTED_AT: String(started) },
    },
  );
});
