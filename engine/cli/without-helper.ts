/** The option that leaves out labels which a helper proposed, for trainings and studies alike. */
import { Option } from 'commander';
import { HELPERS, type Helper } from '../../shared/helpers.ts';

export const withoutHelperOption = (): Option =>
  new Option(
    '--without-helper <helpers...>',
    'leave out labels that were made from proposals of these helpers, accepted or corrected',
  )
    .choices(HELPERS)
    .default([] satisfies Helper[], 'none');
