/**
 * Under which label an earlier version is decided: the strictest of its own, the current one's, what it may still say, and
 * the seal of whoever the row is about now.
 */

/**
 * SQL for version `v` beside the current row `c`. N < R < V sorts so (house.md section 4). What a copy for the family or a
 * finding said before may since have moved to the confidential response: superseded versions are for readers of R
 * (vector 54). So is what named another woman than the row does now: filed in the wrong record it says what is hers, and
 * whoever works in that record may have to know what stood there; a family and readers of N do not. What was first written about another woman and is now about one whose own record is V says the same words:
 * her seal closes it in every version. `c` brings label, version, subjects and
 * patients.
 */
export const strictLabel = (v: string, c: string): string =>
  `greatest(${v}.label, coalesce(${c}.label, 'N'),
    case when ${v}.version < ${c}.version and ${v}.data_class in ('assessment-copy', 'findings') then 'R' else 'N' end,
    case when ${v}.version < ${c}.version and ${v}.subjects <> '{}' and ${c}.subjects <> '{}'
      and not (${v}.subjects && ${c}.subjects or ${v}.patients && ${c}.patients) then 'R' else 'N' end,
    case when ${v}.version < ${c}.version and exists (select from consent s
      where s.kind = 'sealed' and s.patient = any (${c}.subjects)) then 'V' else 'N' end)`;
