/** What can be taken over from a pretrained network, in words. How each is done is engine/training/network/transfer.ts. */
import type { Transfer } from './entities.ts';

interface TransferFacts {
  /** Within a sentence or a label. */
  readonly name: string;
  /** As the head of a narrow column. */
  readonly short: string;
  /** What such an arm shows, for somebody who designs a study. */
  readonly why: string;
}

export const TRANSFER_FACTS: Readonly<Record<Transfer, TransferFacts>> = {
  random: {
    name: 'random start',
    short: 'random',
    why: 'Nothing is taken over: what the others have to beat.',
  },
  encoder: {
    name: 'encoder',
    short: 'E',
    why: 'Take over the half that looks; the half that draws starts random.',
  },
  'encoder+decoder': { name: 'encoder + decoder', short: 'E+D', why: 'Take over both halves.' },
  decoder: {
    name: 'decoder',
    short: 'D',
    why: 'Take over only the half that draws: shows what the decoder brings by itself.',
  },
  'frozen-encoder': {
    name: 'frozen encoder',
    short: 'frozen E',
    why: 'Take over the encoder and never change it: shows how much its further training matters.',
  },
  'encoder+deep-decoder': {
    name: 'encoder + deep decoder',
    short: 'E+deep D',
    why: 'Take over the encoder and the decoder’s blocks next to it.',
  },
  'permuted-encoder': {
    name: 'permuted encoder',
    short: 'permuted',
    why: 'A control: the encoder’s weights, shuffled. Their scale without what they learned.',
  },
  'frozen-random': {
    name: 'frozen random encoder',
    short: 'still',
    why: 'A control: an encoder that stays as it started, at random. What the rest alone can do.',
  },
};
