/** The parts of the harness, in the order in which they run. */
import { files } from './files.ts';
import { fullDisk } from './full-disk.ts';
import { guided } from './guided.ts';
import { kills } from './kills.ts';
import { messages } from './messages.ts';
import type { FaultPart } from './part.ts';
import { stored } from './stored.ts';

export const PARTS: readonly FaultPart[] = [files, guided, fullDisk, kills, messages, stored];
