/** A line of a menu. */
import type { Component } from 'svelte';

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
