/** Under which label an earlier version is decided: the strictest of its own, the current one's, and what it may still say. */

/**
 * SQL for version `v` beside the current row `c`. N < R < V sorts so (house.md section 4). What a copy for the family or a
 * finding said before may since have moved to the confidential response: superseded versions are for readers of R
 * (vector 54).
 */
export const strictLabel = (v: string, c: string): string =>
  `greatest(${v}.label, coalesce(${c}.label, 'N'),
    case when ${v}.version < ${c}.version and ${v}.data_class in ('assessment-copy', 'findings') then 'R' else 'N' end)`;
