/** The graphics cards of this computer, as calls and plans ask for them; a crash of a driver is kept beside the settings. */
import { dirname, join } from 'node:path';
import type { Adapter, EngineChoice, Precision } from '../shared/entities.ts';
import { settingsPath } from './settings.ts';
import { type AdapterSearch, findAdapters, mayHaveCard } from './training/webgpu/adapters.ts';

/** `again`: although it was asked before, or ended the process that asked. */
export const graphicsCards = (again = false): Promise<AdapterSearch> =>
  findAdapters({ memory: join(dirname(settingsPath()), 'graphics-card.json'), again });

/** What automatic may choose from; where there can be none, nothing is started to look. */
export const cardsHere = async (): Promise<AdapterSearch['adapters']> =>
  mayHaveCard() ? (await graphicsCards()).adapters : [];

/** The strongest of them, which automatic may take; a driver that computes on the processor is none. */
export const strongestCard = <T extends Pick<Adapter, 'isSoftware'>>(
  cards: readonly T[],
): T | undefined => cards.find(({ isSoftware }) => !isSoftware);

/** A card to choose from. `features`: left out: none is known of. */
export type CardOffer = Pick<Adapter, 'name' | 'isSoftware'> &
  Partial<Pick<AdapterSearch['adapters'][number], 'features'>>;

/**
 * Who computes in that precision. float16 is of cards alone, so automatic takes the strongest that has it and measures no
 * processor beside it; where there is none, automatic stays, and is refused with words (precision.ts).
 */
export async function forPrecision<
  T extends { readonly engine: EngineChoice; readonly adapter?: string | null },
>(host: T, precision: Precision, cards: () => Promise<readonly CardOffer[]>): Promise<T> {
  if (host.engine !== 'auto' || precision !== 'float16') return host;
  const able = (await cards()).filter(({ features }) => features?.includes('shader-f16') === true);
  const card = strongestCard(able);
  return card === undefined ? host : { ...host, engine: 'webgpu', adapter: card.name };
}

/** A card is taken where it does this share more at least: a computer that draws is worth more than a second. */
const WORTH_A_CARD = 0.1;

/** Whether automatic takes a card, by the steps that each does in the same time. */
export const isCardWorthIt = (steps: {
  readonly onCard: number;
  readonly onProcessor: number;
}): boolean => steps.onCard > steps.onProcessor * (1 + WORTH_A_CARD);
