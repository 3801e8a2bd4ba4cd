/** `npm start`: makes the clone ready and opens Graft's page. */
import path from 'node:path';
import { commandEnvironment, ensureReady, main } from './bootstrap.mjs';
import { foreground } from './command.mjs';
import { ensureElectronHere } from './electron-binary.mjs';
import { ensureShell } from './electron-shell.mjs';
import { projectRoot } from './locations.mjs';
import { ensureWindow } from './window.mjs';

const started = Date.now();

await main(async () => {
  const node = await ensureReady();
  await ensureWindow(node);
  if ((await ensureElectronHere(node)).electron !== null) await ensureShell(node);
  const cli = path.join(projectRoot, 'engine', 'cli.ts');
  return foreground(node, [cli, 'serve', '--open', ...process.argv.slice(2)], {
    env: { ...commandEnvironment(), GRAFT_STARTED_AT: String(started) },
  });
});
