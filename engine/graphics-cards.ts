/** The graphics cards of this computer, as calls and plans ask for them; a crash of a driver is kept beside the settings. */
import { dirname, join } from 'node:path';
import { settingsPath } from './settings.ts';
import { type AdapterSearch, findAdapters, mayHaveCard } from './training/webgpu/adapters.ts';

/** `again`: although it was asked before, or ended the process that asked. */
export const graphicsCards = (again = false): Promise<AdapterSearch> =>
  findAdapters({ memory: join(dirname(settingsPath()), 'graphics-card.json'), again });

/** What automatic may choose from; where there can be none, nothing is started to look. */
export const cardsHere = async (): Promise<AdapterSearch['adapters']> =>
  mayHaveCard() ? (await graphicsCards()).adapters : [];
