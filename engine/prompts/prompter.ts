/**
 * Answers clicks and boxes in one open project: has a network look at a part of an image, keeps what it saw, and turns
 * prompts into masks. Knows no database.
 */
import { createHash, randomInt } from 'node:crypto';
import type {
  ParsedInput,
  PreparedPicture,
  Progress,
  PromptFiles,
  PromptMask,
} from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { pixelsOf } from '../../shared/mask-runs.ts';
import { framedPrompts, logitsOf } from './frame.ts';
import { fileStamp, type Networks, networks } from './networks.ts';
import { offeredMasks } from './offered-masks.ts';
import type { Picture } from './picture.ts';
import { PictureCache } from './picture-cache.ts';

/** Of masks that can be refined. */
const KEPT_LOGITS = 60;
/** Of looking at an image, until one was looked at. */
const FIRST_GUESS_MS = 5000;
const TELL_EVERY_MS = 200;

type MasksInput = Omit<ParsedInput<'prompts.masks'>, 'project'>;

interface Waiting {
  readonly files: PromptFiles;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

export class Prompter {
  readonly #cache: PictureCache;
  readonly #networks: Networks;
  readonly #ending = new AbortController();
  readonly #logits = new Map<number, Float32Array>();
  /** Begins anywhere: a number that a window still holds from before the engine was started anew is none of now. */
  #lastMask = randomInt(2 ** 40);
  #lookingMs = FIRST_GUESS_MS;
  /** What is looked at before anybody needs it. */
  #ahead = new AbortController();

  constructor(projectPath: string, options: { readonly networks?: Networks } = {}) {
    this.#cache = new PictureCache(projectPath);
    this.#networks = options.networks ?? networks;
  }

  /** Errors: those of the network's files; cancelled. */
  async prepare(
    { picture, ahead }: { readonly picture: Picture; readonly ahead: boolean },
    waiting: Waiting,
  ): Promise<PreparedPicture> {
    const key = createHash('sha256')
      .update(`${fileStamp(waiting.files.encoder)} ${picture.width} ${picture.height} `)
      .update(picture.rgb)
      .digest('hex');
    if (this.#cache.get(key) !== undefined) return { picture: key, seconds: null };
    this.#ahead.abort();
    this.#ahead = new AbortController();
    const { signal } = this.#ahead;
    const embedding = await this.#look(
      picture,
      ahead ? { ...waiting, signal: AbortSignal.any([waiting.signal, signal]) } : waiting,
    );
    this.#cache.put(key, embedding);
    return { picture: key, seconds: this.#lookingMs / 1000 };
  }

  async #look(picture: Picture, { files, signal, onProgress }: Waiting): Promise<Float32Array> {
    const start = performance.now();
    const elapsed = () => performance.now() - start;
    const total = this.#lookingMs;
    const tell = () =>
      onProgress({ done: Math.min(elapsed(), total), total, message: 'Looking at the image' });
    const timer = setInterval(tell, TELL_EVERY_MS);
    try {
      const embedding = await this.#networks.encode(picture, {
        files,
        signal: AbortSignal.any([signal, this.#ending.signal]),
      });
      this.#lookingMs = elapsed();
      return embedding;
    } finally {
      clearInterval(timer);
    }
  }

  /** Errors: not-found (the picture, or the mask to be refined, is no longer kept); invalid-input; those of the network. */
  async masks(
    { picture, region, points, box, from }: MasksInput,
    { files, signal }: Pick<Waiting, 'files' | 'signal'>,
  ): Promise<readonly PromptMask[]> {
    const embedding = this.#cache.get(picture);
    if (embedding === undefined) {
      throw new AppError('not-found', 'The network has to look at this part of the image again.');
    }
    if (points.length === 0 && box === undefined) {
      throw new AppError('invalid-input', 'Click into an object, or draw a box around it.');
    }
    const candidates = await this.#networks.decode(
      {
        embedding,
        ...framedPrompts(region, { points, ...(box === undefined ? {} : { box }) }),
        logits: from === undefined ? null : this.#refined(from, region),
      },
      { files, signal: AbortSignal.any([signal, this.#ending.signal]) },
    );
    return offeredMasks(candidates, region).map(({ score, runs, area, logits }) => ({
      mask: this.#keep(logits),
      ...{ score, runs, area },
    }));
  }

  #refined(from: NonNullable<MasksInput['from']>, region: MasksInput['region']): Float32Array {
    if ('mask' in from) {
      const known = this.#logits.get(from.mask);
      if (known !== undefined) return known;
      throw new AppError('not-found', 'That mask is no longer kept. Begin the object again.');
    }
    if (pixelsOf(from.runs) <= region.width * region.height) return logitsOf(from.runs, region);
    throw new AppError('invalid-input', 'The shape to be refined is larger than the region.');
  }

  #keep(logits: Float32Array): number {
    const id = ++this.#lastMask;
    this.#logits.set(id, logits);
    this.#logits.delete(id - KEPT_LOGITS);
    return id;
  }

  close(): void {
    this.#ending.abort();
    this.#logits.clear();
  }
}
