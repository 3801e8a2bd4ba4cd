/** The one fingerprint of bytes: what was stored and what a file holds are compared by it. */
import { hash } from 'node:crypto';

/** SHA-256, hexadecimal. */
export const sha256 = (bytes: Uint8Array): string => hash('sha256', bytes);
