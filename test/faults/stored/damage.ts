/** Changes what a project file stores behind Graft's back: a value of any table, or something within its JSON. */
import Database from 'better-sqlite3';
import { z } from 'zod';
import type { Random } from '../../../shared/random.ts';
import { mutated, pick } from '../messages/calls.ts';

const Column = z.object({ name: z.string(), type: z.string() });
const ODD: readonly (null | number | string | Uint8Array)[] = [
  ...[null, -1, 0, 1, 0.5, 255, 2 ** 31, 2 ** 53, 1e308],
  ...['', 'x', 'a\0b', '../../x', '{}', '[]', '[{}]', 'null', '"', '{"a":[1e999]}', '2026', '-1'],
  '['.repeat(5000),
  ...[new Uint8Array(), Uint8Array.of(0), new Uint8Array(1000).fill(255)],
];

function changed(value: unknown, random: Random): (typeof ODD)[number] {
  if (typeof value === 'string' && /^[[{]/.test(value) && random.below(4) > 0) {
    let json: unknown = JSON.parse(value);
    for (let n = 1 + random.below(2); n > 0; n--) json = mutated(json, random);
    return JSON.stringify(json);
  }
  if (value instanceof Uint8Array && value.length > 0 && random.below(2) === 0) {
    const bytes = Uint8Array.from(value);
    const at = random.below(bytes.length);
    bytes[at] = random.below(256);
    return random.below(3) === 0 ? bytes.slice(0, at) : bytes;
  }
  return pick(random, ODD);
}

/** Of the rows that have one value. What was changed, in words; null: SQLite itself refuses it. */
export function damageStored(path: string, random: Random): string | null {
  const raw = new Database(path);
  try {
    raw.pragma('ignore_check_constraints = ON');
    raw.pragma('foreign_keys = OFF');
    const triggers = z
      .array(z.object({ name: z.string(), sql: z.string() }))
      .parse(raw.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all());
    const tables = z
      .array(z.object({ name: z.string() }))
      .parse(
        raw
          .prepare(
            `SELECT name FROM pragma_table_list WHERE type = 'table' AND schema = 'main' AND name NOT LIKE 'sqlite%'`,
          )
          .all(),
      )
      .map(({ name }) => name)
      .filter((name) => raw.prepare(`SELECT 1 FROM ${name}`).get() !== undefined);
    const table = pick(random, tables);
    const columns = z.array(Column).parse(raw.pragma(`table_info(${table})`));
    const { name: column } = pick(random, columns);
    const rows = z
      .array(z.object({ value: z.unknown() }))
      .parse(raw.prepare(`SELECT "${column}" AS value FROM ${table}`).all());
    const before = pick(random, rows).value;
    const value = changed(before, random);
    try {
      raw.transaction(() => {
        for (const { name } of triggers) raw.exec(`DROP TRIGGER ${name}`);
        raw
          .prepare(`UPDATE ${table} SET "${column}" = ? WHERE "${column}" IS ?`)
          .run(value, before);
        for (const { sql } of triggers) raw.exec(sql);
      })();
    } catch {
      return null;
    }
    const shown = value instanceof Uint8Array ? `${value.length} bytes` : JSON.stringify(value);
    return `${table}.${column} is ${shown.slice(0, 400)}`;
  } finally {
    raw.close();
  }
}
