/** The report's one form of table: rows under headings, the first cell of a row its header. */
import { markup, type Markup } from '../../../shared/markup.ts';

interface Column {
  readonly name: string;
  readonly kind: 'text' | 'number';
}

export const text = (name: string): Column => ({ name, kind: 'text' });
export const number = (name: string): Column => ({ name, kind: 'number' });

export type Cell = Markup | string;

/** Rows under row-group headings; the first cell of a row is its header. */
export function groupedTable(
  caption: Cell,
  columns: readonly Column[],
  groups: readonly { readonly title: Cell | null; readonly rows: readonly (readonly Cell[])[] }[],
): Markup {
  const className = columns.length > 6 && markup` class="dense"`;
  const cell = (value: Cell, column: Column | undefined, i: number): Markup => {
    const aligned = column?.kind === 'number' && markup` class="number"`;
    return i === 0 ? markup`<th scope="row">${value}</th>` : markup`<td${aligned}>${value}</td>`;
  };
  return markup`<div class="scroll"><table${className}><caption>${caption}</caption><thead><tr>${columns.map(
    ({ name, kind }) =>
      markup`<th scope="col"${kind === 'number' && markup` class="number"`}>${name}</th>`,
  )}</tr></thead>${groups.map(
    ({ title, rows }) =>
      markup`<tbody${title !== null && markup` class="group"`}>${title !== null && markup`<tr><th scope="rowgroup" colspan="${columns.length}">${title}</th></tr>`}${rows.map((row) => markup`<tr>${row.map((value, i) => cell(value, columns[i], i))}</tr>`)}</tbody>`,
  )}</table></div>`;
}
