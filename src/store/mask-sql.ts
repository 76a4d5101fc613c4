/** Masks as SQL on alias `r`: where a parameter would reveal a masked element of a row, the row has no value. */

/** Parameters that would reveal masked elements of some rows: on these rows they have no value. */
export interface RowMask {
  /** `Type.code` of the parameters. */
  params: ReadonlySet<string>;
  /**
   * SQL condition on `r`, never null: true for the rows whose elements are masked. A function is called only when the
   * query uses one of the parameters: values collected for SQL that is not used are an error to PostgreSQL.
   */
  row: string | (() => string);
}

/** True for the rows on which one of the parameters is masked; null when they are masked on none. */
export function maskSql(type: string, codes: string | readonly string[], masks: readonly RowMask[]): string | null {
  const keys = [codes].flat().map((code) => `${type}.${code}`);
  const rows = masks
    .filter((mask) => keys.some((key) => mask.params.has(key)))
    .map((mask) => `(${typeof mask.row === 'string' ? mask.row : mask.row()})`);
  return rows.length === 0 ? null : `(${rows.join(' or ')})`;
}
