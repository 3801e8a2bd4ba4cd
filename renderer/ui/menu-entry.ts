/** A line of a menu, and the same as a command of the palette. */
import type { Component } from 'svelte';
import type { Command } from '../state/commands.svelte.ts';

interface Action {
  readonly label: string;
  readonly icon?: Component<{ size?: number | string }>;
  /** Keys that do the same. */
  readonly hint?: string;
  readonly danger?: boolean;
  /** Why it cannot be done now, with what to do; null or left out: it can. */
  readonly obstacle?: string | null;
  readonly checked?: boolean;
  readonly run: () => void;
}

/** One that can be a button as well. */
export type IconAction = Required<Pick<Action, 'label' | 'icon' | 'run'>>;

/** Something to know, between what can be done. */
interface Fact {
  readonly fact: string;
}

export type MenuEntry = 'separator' | Fact | Action;

/** What is for the palette alone may not be offered at all. */
type CommandEntry = MenuEntry | (Action & { readonly disabled: boolean });

/**
 * What a view offers at the moment, for the palette: nothing can be done by the mouse alone. Many of a kind, such as the
 * runs of a study, are listed only once they are asked for.
 */
export function commandsOf(
  group: string,
  entries: readonly CommandEntry[],
  { whenAsked = false } = {},
): Command[] {
  return entries.flatMap((entry, i) =>
    entry === 'separator' ||
    'fact' in entry ||
    entry.obstacle != null ||
    ('disabled' in entry && entry.disabled)
      ? []
      : [{ id: `${group} ${i}`, title: entry.label, group, whenAsked, run: entry.run }],
  );
}
