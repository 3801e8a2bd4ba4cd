/** `npm run setup`: makes the clone ready, and tries native TensorFlow again where it had failed. */
import { ensureReady, main } from './bootstrap.mjs';

await main(async () => {
  await ensureReady({ again: true });
  process.stderr.write('Graft is ready.\n');
  return 0;
});
