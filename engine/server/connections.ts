/**
 * Every connection to the door, from its first moment: one that breaks ends itself alone, whoever holds it then, and
 * peers that have not shown who they are cannot take all the places.
 */
import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** The oldest one goes for the next: nobody of this user's own needs longer to say who it is than so many others come. */
const MAX_STRANGERS = 128;
/** For the headers of a request. */
export const HEADERS_TIMEOUT_MS = 20_000;

export interface Connections {
  /** Has shown that it is of this user, and may stay as long as it wants. */
  admit(connection: Socket): void;
}

export function watchConnections(http: Server): Connections {
  /** In the order of their arrival. */
  const strangers = new Set<Socket>();
  http.on('connection', (connection: Socket) => {
    connection.on('error', () => connection.destroy());
    connection.on('close', () => strangers.delete(connection));
    strangers.add(connection);
    const [oldest] = strangers;
    if (strangers.size > MAX_STRANGERS) oldest?.destroy();
  });
  return { admit: (connection) => strangers.delete(connection) };
}
