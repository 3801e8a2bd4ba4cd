/** A process that lends an isolated one to an endless question, and says which it is. */
import { isolated } from '../../../engine/isolated/processes.ts';

const processes = isolated(new URL('./rude.ts', import.meta.url), { most: 1 });
const of = { subject: 'a.tif', fileBytes: 100 };
await processes.use(async (ask) => {
  process.stdout.write(JSON.stringify(await ask('hello', of)));
  await ask('loop', of);
});
