/**
 * A page that is going to be killed: paints through the door of an engine, as a window does, and says what was acknowledged.
 * usage: page.ts LAUNCH-URL PROJECT
 */
import { sha256 } from '../../../engine/sha256.ts';
import { SavedLabelMap, saveUrl } from '../../../shared/exchange.ts';
import { encodeLabelMap } from '../../../shared/label-map.ts';
import { createRandom } from '../../../shared/random.ts';
import type { Said } from './said.ts';

const [launchUrl = '', project = ''] = process.argv.slice(2);
const { origin } = new URL(launchUrl);
const launched = await fetch(launchUrl, { redirect: 'manual' });
const cookie = launched.headers.get('set-cookie')?.split(';')[0] ?? '';
const say = (said: Said) => void process.send?.(said);

for (let n = 0; ; n++) {
  const random = createRandom(n, 'kills page');
  const data = Uint8Array.from({ length: 1024 }, () => random.below(2));
  const bytes = encodeLabelMap({ width: 32, height: 32, data });
  const address = new URL(saveUrl({ project, image: 1 + (n % 4), author: 'human' }), origin);
  const response = await fetch(address, {
    method: 'PUT',
    headers: { cookie, origin },
    body: new Blob([new Uint8Array(bytes)]),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const { id } = SavedLabelMap.parse(await response.json());
  say({ type: 'painted', labelMapId: id, sha256: sha256(bytes) });
}
