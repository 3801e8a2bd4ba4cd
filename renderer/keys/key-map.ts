/** Which keys do what, under a preset and the user's own changes; and which keys are wanted by two. */
import { ACTION_IDS, ACTIONS, type ActionId, isActionId } from './actions.ts';
import { PRESETS } from './presets.ts';

/** The user's choice, as it is stored. */
export interface KeyChoice {
  readonly preset: string;
  /** Action → its keys, where they differ from the preset. */
  readonly rebound: Readonly<Record<string, readonly string[]>>;
}

export interface KeyConflict {
  readonly chord: string;
  /** In the order in which they get the key: the first one does. */
  readonly actions: readonly ActionId[];
}

export interface KeyMap {
  readonly keysOf: (action: ActionId) => readonly string[];
  readonly actionOf: (chord: string) => ActionId | undefined;
  readonly conflicts: readonly KeyConflict[];
}

/** An unknown preset, or an action that is no more, is passed over: settings may be of another version. */
export function keyMap(choice: KeyChoice): KeyMap {
  const preset = PRESETS.find(({ name }) => name === choice.preset);
  const keys = new Map<ActionId, readonly string[]>(
    ACTION_IDS.map((id) => [id, preset?.keys[id] ?? ACTIONS[id].keys]),
  );
  for (const [id, chords] of Object.entries(choice.rebound)) {
    if (isActionId(id)) keys.set(id, chords);
  }
  const owners = new Map<string, ActionId[]>();
  for (const [id, chords] of keys) {
    for (const chord of chords) owners.set(chord, [...(owners.get(chord) ?? []), id]);
  }
  return {
    keysOf: (action) => keys.get(action) ?? [],
    actionOf: (chord) => owners.get(chord)?.[0],
    conflicts: [...owners]
      .filter(([, actions]) => actions.length > 1)
      .map(([chord, actions]) => ({ chord, actions })),
  };
}

/** Gives an action exactly these keys. Keys that others hold become theirs no more. */
export function rebind(choice: KeyChoice, action: ActionId, chords: readonly string[]): KeyChoice {
  const map = keyMap(choice);
  const rebound: Record<string, readonly string[]> = { ...choice.rebound, [action]: chords };
  for (const id of ACTION_IDS) {
    const kept = map.keysOf(id).filter((chord) => !chords.includes(chord));
    if (id !== action && kept.length < map.keysOf(id).length) rebound[id] = kept;
  }
  return { ...choice, rebound };
}
