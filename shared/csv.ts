/**
 * Tables for R, pandas and spreadsheets. RFC 4180: commas, CRLF, quotes where needed, a header line. Numbers are
 * unrounded; what does not exist is empty.
 */

export type CsvValue = string | number | null;

function field(value: CsvValue): string {
  if (value === null) return '';
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : '';
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}

export const csvLine = (values: readonly CsvValue[]): string =>
  `${values.map((value) => field(value)).join(',')}\r\n`;

export const toCsv = (header: readonly string[], rows: readonly (readonly CsvValue[])[]): string =>
  [header, ...rows].map((row) => csvLine(row)).join('');
