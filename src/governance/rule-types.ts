/** The tree a row rule is, with the only atoms there are. */
import type { ConsentRow, DataClass, Label, Purpose, RelationshipKind } from './types.ts';

/**
 * A row rule: a predicate over one row's facts and the rows about its data subjects, at one `now`.
 * The same tree is evaluated in memory (`governance/evaluate.ts`) and as SQL (`store/rule-sql.ts`); a property test
 * proves them equal. Only these atoms exist; a new rule is composed of them or adds one atom to both evaluators.
 */
export type RowRule =
  | { op: 'all'; rules: RowRule[] }
  | { op: 'any'; rules: RowRule[] }
  | { op: 'not'; rule: RowRule }
  | { op: 'true' }
  | { op: 'false' }
  | { op: 'class'; in: DataClass[] }
  | { op: 'type'; in: string[] }
  | { op: 'label'; atMost: Label }
  | { op: 'tag'; any: string[] }
  | { op: 'released' }
  | { op: 'service'; in: string[] }
  | { op: 'addressee'; in: string[] }
  | { op: 'author'; any: string[] }
  /** The row is about nobody (directory, conformance). */
  | { op: 'nobody' }
  /** Every data subject is one of these patients; false for a row about nobody. */
  | { op: 'subject'; in: string[] }
  /**
   * For every data subject there is a relationship of one of `kinds` with one of `parties`, valid at now (or ended
   * `closed` at most `graceDays` ago). `pregnancy`: 'row' = the relationship is with the whole record (its pregnancy is
   * null) or with the row's own pregnancy (the row's being null is NOT enough); 'any' = ignored. `scoped`: the row must
   * be named in the relationship's scope. False for a row about nobody.
   */
  | {
      op: 'related';
      parties: string[];
      kinds: RelationshipKind[];
      graceDays: number;
      pregnancy: 'row' | 'any';
      scoped: boolean;
    }
  /**
   * A consent row of this kind is in force, about one of `parties` (or null party), covering the class: for some data
   * subject, or with `every` for each of them (what widens access must hold for all it is about). `ofPregnancy`: its
   * party is the pregnancy the row belongs to.
   */
  | { op: 'consent'; kind: ConsentRow['kind']; parties: string[]; every?: boolean; ofPregnancy?: boolean }
  /**
   * An agreement from the row's service to `to`, covering class, purpose and label, is in force (or expired at most `graceDays` ago
   * and not revoked). `reaching`: it lets at least this label through, whatever the row's own is.
   */
  | { op: 'agreement'; to: string; purpose: Purpose; graceDays: number; reaching?: Label };
