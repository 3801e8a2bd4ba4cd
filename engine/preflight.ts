/**
 * Imported before anything else by every process entry of the engine: under a Node that is too old the native modules
 * do not fail, they crash. Ends the process with one clear line instead.
 */

/** better-sqlite3's addon needs this Node-API; an older one is a segmentation fault while it loads. */
const OLDEST_NODE_API = 10;
/** Runs TypeScript files directly, and is what everything is tested on. */
const OLDEST_NODE_MAJOR = 24;

/** What is wrong with this Node and what to do, in one line; null when nothing is. */
export function nodeProblem(versions: { readonly node: string; readonly napi: string }) {
  const major = Number(versions.node.split('.', 1)[0]);
  if (Number(versions.napi) >= OLDEST_NODE_API && major >= OLDEST_NODE_MAJOR) return null;
  return (
    `Graft's engine needs Node ${OLDEST_NODE_MAJOR} (Node-API ${OLDEST_NODE_API}), but this is Node ${versions.node} ` +
    `(Node-API ${versions.napi}). Start it with "npm start" or "npm run -s graft -- …", which fetch the right Node.`
  );
}

const problem = nodeProblem({ node: process.versions.node, napi: process.versions['napi'] ?? '0' });
if (problem !== null) {
  process.stderr.write(`graft: ${problem}\n`);
  process.exit(1);
}
