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

/** True for the rows on which the parameter is masked; null when it is masked on none. */
export function maskSql(type: string, code: string, masks: readonly RowMask[]): string | null {
  const rows = masks
    .filter((mask) => mask.params.has(`${type}.${code}`))
    .map((mask) => `(${typeof mask.row === 'string' ? mask.row : mask.row()})`);
  return rows.length === 0 ? null : `(${rows.join(' or ')})`;
}
