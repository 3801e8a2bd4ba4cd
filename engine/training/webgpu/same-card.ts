/** Whether a run that began on a card may go on, on the one that has its name now. */
import { adapterInText } from '../../../shared/engine-words.ts';
import type { Adapter } from '../../../shared/entities.ts';
import { AppError } from '../../../shared/errors.ts';

/** engine-unavailable, where it is another maker's card, or of another kind; null: it is the same. */
export const otherCard = (began: Adapter, now: Adapter | undefined): AppError | null =>
  now?.maker === began.maker && now.architecture === began.architecture
    ? null
    : new AppError(
        'engine-unavailable',
        `The run began on ${adapterInText(began)} by ${began.maker}, and another card has that name now. The same bits come from no other: put the card back, or plan the training anew.`,
        { subject: began.name },
      );

/** What the log says of a driver that has changed; null: it has not. */
export const otherDriver = (began: Adapter, now: Adapter | undefined): string | null =>
  now === undefined || now.driver === began.driver
    ? null
    : `The driver was "${began.driver}" when the run began, and is "${now.driver}" now: its last bits may differ from those of a run without a pause.`;
