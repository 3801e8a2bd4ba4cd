/** What the palette lists for the letters that were typed: a pure function of both, so that Enter never comes too early. */

export interface Listed {
  readonly title: string;
  /** Heading that it stands under. */
  readonly group: string;
  /** One of many of its kind: listed only once letters of its name were typed. */
  readonly whenAsked?: boolean;
}

export interface ListedGroup<T> {
  readonly name: string;
  readonly commands: readonly T[];
}

/** More than anyone reads: further letters find the rest. */
const MOST = 80;

/**
 * The commands in which every word of `text` is found, best first, under their headings; the heading of the best comes
 * first. Without a text all of them as they were added, but those that are to be asked for.
 */
export function listCommands<T extends Listed>(
  commands: readonly T[],
  text: string,
): ListedGroup<T>[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const best = commands
    .map((command) => ({ command, score: scoreOf(command, words) }))
    .filter(({ score }) => score > 0)
    .toSorted((a, b) => b.score - a.score)
    .slice(0, MOST)
    .map(({ command }) => command);
  return [...Map.groupBy(best, ({ group }) => group)].map(([name, own]) => ({
    name,
    commands: own,
  }));
}

function scoreOf({ title, group, whenAsked }: Listed, words: readonly string[]): number {
  if (words.length === 0) return whenAsked === true ? 0 : 1;
  const name = title.toLowerCase();
  const scores = words.map(
    (word) => fit(name, word) || (startsAWord(group.toLowerCase(), word) ? 0.5 : 0),
  );
  if (scores.includes(0)) return 0;
  const typed = words.join(' ').length;
  // Of two that fit alike, what is nearer to being typed in full.
  return scores.reduce((sum, score) => sum + score, 0) + Math.min(1, typed / name.length) / 2;
}

/** How well one word fits a name: its beginning, the beginning of a word, first letters of its words, or inside a word. */
function fit(name: string, word: string): number {
  if (name.startsWith(word)) return 4;
  if (startsAWord(name, word)) return 3;
  if (abbreviates(name, word)) return 2;
  return name.includes(word) ? 1 : 0;
}

const isLetter = (sign: string | undefined): boolean =>
  sign !== undefined && /[\p{L}\p{N}]/u.test(sign);

const beginsAt = (name: string, at: number): boolean => !isLetter(name[at - 1]);

function startsAWord(name: string, word: string): boolean {
  for (let at = name.indexOf(word); at >= 0; at = name.indexOf(word, at + 1)) {
    if (beginsAt(name, at)) return true;
  }
  return false;
}

/** Whether the letters are beginnings of words of the name in their order: `impim` of "import images". */
function abbreviates(name: string, letters: string, from = 0, within = false): boolean {
  if (letters === '') return true;
  const [first] = letters;
  if (within && name[from] === first && abbreviates(name, letters.slice(1), from + 1, true)) {
    return true;
  }
  for (let at = from; at < name.length; at++) {
    if (name[at] === first && beginsAt(name, at)) {
      if (abbreviates(name, letters.slice(1), at + 1, true)) return true;
    }
  }
  return false;
}
