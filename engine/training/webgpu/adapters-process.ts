/** Entry of the process that looks for graphics cards: a driver that crashes takes this one with it, and no other. */
import { AppError } from '../../../shared/errors.ts';
import { WANTED_FEATURES } from './card.ts';
import { adapterNames, dawnVersion, openAdapter, whyNoAdapter } from './dawn.ts';
import type { AdapterAnswer, FoundAdapter } from './messages.ts';

async function look(): Promise<AdapterAnswer> {
  const adapters: FoundAdapter[] = [];
  for (const name of await adapterNames()) {
    const opened = await openAdapter(name);
    if (opened === null) continue;
    const { facts, adapter } = opened;
    const { limits } = adapter;
    adapters.push({
      ...facts,
      features: WANTED_FEATURES.filter((feature) => adapter.features.has(feature)),
      largestTensorBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
      workgroupBytes: limits.maxComputeWorkgroupStorageSize,
      invocationsPerWorkgroup: limits.maxComputeInvocationsPerWorkgroup,
    });
  }
  return adapters.length === 0
    ? { type: 'none', why: whyNoAdapter() }
    : { type: 'found', adapters, dawn: dawnVersion() };
}

const answer = await look().catch((error: unknown): AdapterAnswer => {
  if (error instanceof AppError) return { type: 'none', why: error.message };
  throw error;
});
// What Dawn has opened would keep the process.
process.send?.(answer, undefined, undefined, () => process.exit());
