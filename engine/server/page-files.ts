/** The built window (dist/renderer) as the server hands it out. Building it is build/window.mjs's. */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { extname, join, sep } from 'node:path';
import { reply } from './reply.ts';
import { ROOT } from '../installation.ts';

const BUILT = join(ROOT, 'dist', 'renderer');

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.map': 'application/json',
};

export interface PageFiles {
  /** Answers a GET of a file of the window; false where there is none of this name. */
  answer(pathname: string, response: ServerResponse): Promise<boolean>;
}

/** Files of `folder` by their address; read anew at every request, so that a rebuilt window is seen by a reload. */
export function createPageFiles(folder = BUILT): PageFiles {
  return {
    async answer(pathname, response) {
      if (!existsSync(folder)) return false;
      // Only names that were found in the folder are ever opened.
      const names = readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      const wanted = pathname === '/' ? '/index.html' : pathname;
      const file = names.find((name) => name.slice(folder.length).split(sep).join('/') === wanted);
      if (file === undefined) return false;
      const headers = wanted.startsWith('/assets/')
        ? // Their names carry a hash of their content.
          { 'cache-control': 'private, max-age=31536000, immutable' }
        : { 'cache-control': 'no-cache' };
      const type = TYPES[extname(file)] ?? 'application/octet-stream';
      reply(response, 200, type, await readFile(file), headers);
      return true;
    },
  };
}
