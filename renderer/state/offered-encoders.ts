/** Networks that are there already as a study's starts: which are offered, and which go together. */
import type { Encoder, PretrainingPlan } from '../../shared/entities.ts';
import { isTaskPretraining } from '../../shared/pretrainings.ts';

/**
 * The plans with one for each of these encoders. Those that are chosen stay, whatever became of their encoder. Null
 * where nothing is to be added or taken away.
 */
export function withEncoders(
  plans: readonly PretrainingPlan[],
  encoders: readonly Encoder[],
  options: { readonly deepDecoderBlocks: number; readonly encoderRate: number },
): PretrainingPlan[] | null {
  const there = plans.filter(
    (plan) =>
      isTaskPretraining(plan) ||
      plan.transfers.length > 0 ||
      encoders.some(({ id }) => id === plan.encoderId),
  );
  const known = new Set(there.map((plan) => (isTaskPretraining(plan) ? null : plan.encoderId)));
  const names = encoders.map(({ name }) => name);
  const more = encoders
    .filter(({ id }) => !known.has(id))
    .map(({ id, name }): PretrainingPlan => ({
      encoderId: id,
      // Charts show the name; two of one name go by their numbers.
      ...(names.filter((other) => other === name).length === 1 ? { name: name.slice(0, 80) } : {}),
      transfers: [],
      ...options,
    }));
  return more.length > 0 || there.length < plans.length ? [...there, ...more] : null;
}

/** Why it cannot be chosen beside those that are; null where it can. */
export function encoderObstacle(
  { id, network }: Encoder,
  chosen: readonly Encoder[],
): string | null {
  const other = chosen.find((one) => one.id !== id);
  if (other === undefined || JSON.stringify(other.network) === JSON.stringify(network)) return null;
  return `All arms of a study have one network, and that of “${other.name}” is another.`;
}
