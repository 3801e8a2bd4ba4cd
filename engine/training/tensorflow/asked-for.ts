/**
 * What whoever starts Graft asks of the processor's kernels by variables of the environment. One place says which words
 * count: a word that nobody knows is refused, since it would leave the choice as if nothing had been asked.
 */
import { AppError } from '../../../shared/errors.ts';

/** Words in lower case; `hint`: what they do, for the message. */
const WORDS = {
  /** TensorFlow's own, with the words that it takes. */
  TF_ENABLE_ONEDNN_OPTS: {
    words: ['0', '1', 'false', 'true'],
    hint: "1 for oneDNN's kernels or 0 for Eigen's",
  },
  GRAFT_OPERATIONS: { words: ['tensorflow'], hint: "tensorflow to do without Graft's operations" },
  GRAFT_INSTRUCTIONS: {
    words: ['avx2', 'baseline'],
    hint: "avx2 or baseline to hold Graft's operations to narrower vectors",
  },
} as const;

type Variable = keyof typeof WORDS;
const VARIABLES = Object.keys(WORDS) as Variable[];
export type Environment = Readonly<Record<string, string | undefined>>;

const isWord = (variable: Variable, value: string) =>
  // TensorFlow takes its own in any case; the library that is compiled compares letter by letter.
  (WORDS[variable].words as readonly string[]).includes(
    variable === 'TF_ENABLE_ONEDNN_OPTS' ? value.toLowerCase() : value,
  );

/** The word that is asked for; null: none, or an empty one. */
export function askedWord(variable: Variable, env: Environment = process.env): string | null {
  const value = env[variable] ?? '';
  return value !== '' && isWord(variable, value) ? value.toLowerCase() : null;
}

/** Errors: invalid-input, where a variable has a word that nobody knows. */
export function assertAskedWords(env: Environment = process.env): void {
  for (const variable of VARIABLES) {
    const value = env[variable] ?? '';
    if (value === '' || isWord(variable, value)) continue;
    throw new AppError(
      'invalid-input',
      `${variable} is "${value}"; use ${WORDS[variable].hint}, or leave it unset.`,
    );
  }
}
