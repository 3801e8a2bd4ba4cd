/** The bundled generators: nothing to download, the same images for the same seed. */
import { AppError } from '../../../shared/errors.ts';
import { cellsGenerator } from './cells.ts';
import { conrecGenerators } from './conrec-shapes.ts';
import type { Generator } from './generator.ts';
import { texShapesGenerators } from './tex-shapes.ts';
import { vesselsGenerator } from './vessels.ts';

export const generators: readonly Generator[] = [
  ...texShapesGenerators,
  ...conrecGenerators,
  cellsGenerator,
  vesselsGenerator,
];

/** Errors: not-found, with the names there are. */
export function findGenerator(name: string): Generator {
  const generator = generators.find((g) => g.name === name);
  if (generator === undefined) {
    throw new AppError(
      'not-found',
      `There is no generator "${name}". Choose one of ${generators.map((g) => g.name).join(', ')}.`,
      { subject: name },
    );
  }
  return generator;
}
