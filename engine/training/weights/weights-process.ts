/** Entry of the process in which weight files are read (foreign-weight-file.ts asks it). */
import { z } from 'zod';
import type { PreprocessingName } from '../../../shared/api.ts';
import { AppError, messageOf, toWireError } from '../../../shared/errors.ts';
import { serveIsolated } from '../../isolated/serve.ts';
import { readWeightFile } from './import-weights.ts';

const Request = z.object({
  path: z.string(),
  preprocessing: z.custom<PreprocessingName>((value) => typeof value === 'string'),
  base: z.number(),
});

serveIsolated(
  async (request) => {
    const { path, ...options } = Request.parse(request);
    const { obstacle, ...read } = await readWeightFile(path, options);
    return { ...read, obstacle: obstacle && toWireError(obstacle) };
  },
  (request, error) => {
    const { path } = Request.parse(request);
    return new AppError(
      'corrupt',
      `${path} is damaged (${messageOf(error).split('\n', 1)[0] ?? ''}). Get the file again and compare its size with the original's.`,
      { subject: path },
    );
  },
);
