/** `npm run setup`: makes the clone ready, and tries native TensorFlow and Electron again where they had failed. */
import { ensureReady, main } from './bootstrap.mjs';
import { ensureElectronHere } from './electron-binary.mjs';

await main(async () => {
  const node = await ensureReady({ again: true });
  await ensureElectronHere(node, { again: true });
  process.stderr.write('Graft is ready.\n');
  return 0;
});
