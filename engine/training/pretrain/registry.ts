/** All pretraining tasks by name. */
import type { PretrainingTask } from '../../../shared/entities.ts';
import { autoencoder } from './autoencoder.ts';
import { classification } from './classification.ts';
import { conrec } from './conrec.ts';
import { colourisation } from './colourisation.ts';
import { contextRestoration } from './context-restoration.ts';
import { denoising } from './denoising.ts';
import { inPainting } from './in-painting.ts';
import { localShuffle } from './local-shuffle.ts';
import { maskedAutoencoding } from './masked-autoencoding.ts';
import { multiConrec } from './multi-conrec.ts';
import { nonLinearIntensity } from './non-linear-intensity.ts';
import { outPainting } from './out-painting.ts';
import { segmentation } from './segmentation.ts';
import { simclr } from './simclr.ts';
import type { PretrainingTaskDefinition } from './task.ts';

export const pretrainingTasks: Readonly<Record<PretrainingTask, PretrainingTaskDefinition>> = {
  classification,
  segmentation,
  autoencoder,
  denoising,
  'in-painting': inPainting,
  'out-painting': outPainting,
  'local-shuffle': localShuffle,
  'non-linear-intensity': nonLinearIntensity,
  colourisation,
  'context-restoration': contextRestoration,
  'masked-autoencoding': maskedAutoencoding,
  simclr,
  conrec,
  'multi-conrec': multiConrec,
};
