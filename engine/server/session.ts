/**
 * What lets a window that was left open find the engine again after a crash: the port of the last one and the secret in
 * the window's cookie, in a file that only this user can read. A restarted engine that gets the port back takes the
 * secret over; one that does not starts with a fresh secret, because somebody else may be listening there.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { writeWholeSync } from '../data/write-file.ts';

const Session = z.object({
  port: z.number().int().min(1).max(65_535),
  secret: z.string().min(40),
});
export type Session = z.infer<typeof Session>;

export const freshSecret = (): string => randomBytes(32).toString('base64url');

/** The session of the last engine; null where there was none, or its file cannot be read. */
export function lastSession(path: string): Session | null {
  try {
    return Session.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Missing or damaged: a new session costs the user nothing but a window opened anew.
    return null;
  }
}

/** Errors: no-space, unreadable. */
export function keepSession(path: string, session: Session): void {
  writeWholeSync(path, JSON.stringify(session), { mode: 0o600 });
}
