/** Entry of the thread in which objects are told apart: tell-apart.ts talks to it, shared/objects does the work. */
import type { ObjectSource } from '../../shared/api.ts';
import { AppError } from '../../shared/errors.ts';
import { decodeLabelMap } from '../../shared/label-map.ts';
import { componentsOf } from '../../shared/objects/components.ts';
import { encodeObjectMap, objectNumbers } from '../../shared/objects/object-map.ts';
import {
  objectsFrom,
  type RevisionCodes,
  type RevisionObjects,
} from '../../shared/objects/objects-from.ts';
import type { NeckRule } from '../../shared/objects/split-touching.ts';
import { splitTouching } from '../../shared/objects/split-touching.ts';
import { answerQuestions } from './lent-thread.ts';

export interface TellApartQuestion {
  readonly how: ObjectSource;
  readonly rule: NeckRule;
  /** `stored` 'damaged': there are some, which cannot be read. */
  readonly codes: Omit<RevisionCodes, 'stored'> & {
    readonly stored: RevisionCodes['stored'] | 'damaged';
  };
}

export interface ToldApart {
  /** object-map.ts code; null: none. */
  readonly code: Uint8Array | null;
  /** Whether the labels have these already. */
  readonly isSame: boolean;
  readonly before: number;
  readonly after: number;
}

const isSameCode = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === null || b === null ? a === b : Buffer.compare(a, b) === 0;

/** null: they are damaged, and others take their place anyway. Errors: corrupt. */
function objectsNow({ how, codes }: TellApartQuestion): RevisionObjects | null {
  const { stored } = codes;
  if (stored === 'damaged') return null;
  try {
    return objectsFrom({ ...codes, stored });
  } catch (error) {
    if (how !== 'split' && error instanceof AppError && error.code === 'corrupt') return null;
    throw error;
  }
}

function toldApart(question: TellApartQuestion, onShare: (share: number) => void): ToldApart {
  const { how, rule, codes } = question;
  const now = objectsNow(question);
  const before = now === null ? 0 : objectNumbers(encodeObjectMap(now.objects)).length;
  const isSame = (code: Uint8Array | null) =>
    now !== null && codes.stored !== 'damaged' && isSameCode(code, codes.stored);
  if (now !== null && how === 'split') {
    const { objects, added } = splitTouching(now.objects, { ...rule, onShare });
    const code = encodeObjectMap(objects);
    return { code, isSame: isSame(code), before, after: before + added };
  }
  const connected = encodeObjectMap(componentsOf(decodeLabelMap(codes.classes), codes.ground));
  const code = how === 'none' ? null : connected;
  return { code, isSame: isSame(code), before, after: objectNumbers(connected).length };
}

answerQuestions(toldApart);
