/** A line of a menu, and the same as a command of the palette. */
import type { Component } from 'svelte';
import type { Command } from '../state/commands.svelte.ts';

interface Action {
  readonly label: string;
  readonly icon?: Component<{ size?: number | string }>;
  /** Keys that do the same. */
  readonly hint?: string;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  readonly checked?: boolean;
  readonly run: () => void;
}

/** One that can be a button as well. */
export type IconAction = Required<Pick<Action, 'label' | 'icon' | 'run'>>;

export type MenuEntry = 'separator' | Action;

/**
 * What a view offers at the moment, for the palette: nothing can be done by the mouse alone. Many of a kind, such as the
 * runs of a study, are listed only once they are asked for.
 */
export function commandsOf(
  group: string,
  entries: readonly MenuEntry[],
  { whenAsked = false } = {},
): Command[] {
  return entries.flatMap((entry, i) =>
    entry === 'separator' || entry.disabled === true
      ? []
      : [{ id: `${group} ${i}`, title: entry.label, group, whenAsked, run: entry.run }],
  );
}
