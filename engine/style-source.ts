/** How a policy lets in one style sheet that stands in a page, and no other: by the hash of its text (CSP, Level 2). */
import { createHash } from 'node:crypto';
import type { Markup } from '../shared/markup.ts';

export const styleSource = ({ text }: Markup): string =>
  `'sha256-${createHash('sha256').update(text, 'utf8').digest('base64')}'`;
