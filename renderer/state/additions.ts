/** Takes back what was added to a dataset, and says what went and what stays. */
import { undoneWords } from '../../shared/addition-words.ts';
import { capitalised } from '../../shared/sentences.ts';
import type { AppState } from './app.svelte.ts';

/** Of those that stay, as many are named; the others are counted. */
const NAMED = 3;

export async function takeAdditionBack(
  app: Pick<AppState, 'api' | 'toasts'>,
  addition: { readonly project: string; readonly additionId: number },
): Promise<void> {
  const undone = await app.api.call('additions.undo', addition);
  const { staying } = undone;
  const named = staying.slice(0, NAMED).map(({ name, why }) => `${name} ${why}.`);
  const more = staying.length > NAMED ? [`The same holds for ${staying.length - NAMED} more.`] : [];
  const text = [`${capitalised(undoneWords(undone))}.`, ...named, ...more].join(' ');
  app.toasts.show(staying.length === 0 ? 'good' : 'bad', text);
}
