/** Calls that turn clicks and boxes into masks, and that say with which network. */
import { basename } from 'node:path';
import type { PromptFiles, PromptState } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { BUNDLED_NAME, bundledNetwork, NO_NETWORK } from '../prompts/bundled-network.ts';
import { networks } from '../prompts/networks.ts';
import { pictureOf } from '../prompts/picture.ts';
import type { SettingsStore } from '../settings.ts';
import type { Handlers } from './context.ts';

function stateOf(settings: SettingsStore): PromptState {
  const chosen = settings.read().promptNetwork;
  const files = chosen ?? bundledNetwork();
  if (files === null) return { network: null, why: NO_NETWORK };
  const isBundled = chosen === null;
  const name = isBundled ? BUNDLED_NAME : basename(files.encoder);
  return { network: { name, isBundled, files }, why: null };
}

/** Errors: not-found, where there is no network. */
function filesOf(settings: SettingsStore): PromptFiles {
  const { network, why } = stateOf(settings);
  if (network === null) throw new AppError('not-found', why ?? NO_NETWORK);
  return network.files;
}

export const promptHandlers: Handlers<
  'prompts.state' | 'prompts.choose' | 'prompts.prepare' | 'prompts.masks'
> = {
  'prompts.state': (_, { settings }) => stateOf(settings),

  async 'prompts.choose'({ files }, { settings, signal }) {
    if (files !== null) await networks.inspect(files, signal);
    const changed = settings.choosePromptNetwork(files);
    return { output: stateOf(settings), changes: { settings: changed } };
  },

  async 'prompts.prepare'({ project, imageId, region, display, ahead = false }, context) {
    const { db, prompter } = context.project(project);
    const image = db.datasets.image(imageId);
    if (image === undefined) throw new AppError('not-found', `There is no image ${imageId}.`);
    const files = filesOf(context.settings);
    const picture = await pictureOf(db, { image, region, display });
    const { signal, progress: onProgress } = context;
    return prompter.prepare({ picture, ahead }, { files, signal, onProgress });
  },

  'prompts.masks'({ project, ...prompts }, context) {
    const { prompter } = context.project(project);
    const { settings, signal } = context;
    return prompter.masks(prompts, { files: filesOf(settings), signal });
  },
};
