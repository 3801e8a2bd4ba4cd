/** A line of a menu, and the same as a command of the palette. */
import type { Component } from 'svelte';
import type { Command } from '../state/commands.svelte.ts';

export type MenuEntry =
  | 'separator'
  | {
      readonly label: string;
      readonly icon?: Component<{ size?: number | string }>;
      /** Keys that do the same. */
      readonly hint?: string;
      readonly danger?: boolean;
      readonly disabled?: boolean;
      readonly checked?: boolean;
      readonly run: () => void;
    };

/** What a menu offers at the moment, for the palette: nothing can be done by the mouse alone. */
export function commandsOf(group: string, entries: readonly MenuEntry[]): Command[] {
  return entries.flatMap((entry) =>
    entry === 'separator' || entry.disabled === true
      ? []
      : [{ id: `${group}: ${entry.label}`, title: entry.label, group, run: entry.run }],
  );
}
