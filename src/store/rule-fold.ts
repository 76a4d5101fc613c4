/** Row rules simplified before they become SQL: constants folded, and what the row's own columns already decide. */
import type { RowRule } from '../governance/rule-types.ts';

const TRUE: RowRule = { op: 'true' };
const FALSE: RowRule = { op: 'false' };

/** Atoms that need other tables; everything else is read from the row. */
export type LookupRule = Extract<RowRule, { op: 'related' | 'consent' | 'agreement' }>;

/** Constants folded away: the result is `true`, `false`, or contains neither. */
export function folded(rule: RowRule): RowRule {
  switch (rule.op) {
    case 'all':
      return foldedList(rule.rules, 'all', FALSE, TRUE);
    case 'any':
      return foldedList(rule.rules, 'any', TRUE, FALSE);
    case 'not': {
      const inner = folded(rule.rule);
      return inner.op === 'true' ? FALSE : inner.op === 'false' ? TRUE : { op: 'not', rule: inner };
    }
    case 'label':
      return rule.atMost === 'V' ? TRUE : rule;
    case 'class':
    case 'type':
    case 'service':
    case 'addressee':
    case 'subject':
      return rule.in.length === 0 ? FALSE : rule;
    case 'tag':
    case 'author':
      return rule.any.length === 0 ? FALSE : rule;
    case 'related':
      return rule.parties.length === 0 || rule.kinds.length === 0 ? FALSE : rule;
    default:
      return rule;
  }
}

function foldedList(rules: readonly RowRule[], op: 'all' | 'any', decisive: RowRule, neutral: RowRule): RowRule {
  const parts = rules.map(folded).filter((rule) => rule.op !== neutral.op);
  const [only] = parts;
  if (only === undefined) return neutral;
  if (parts.some((rule) => rule.op === decisive.op)) return decisive;
  return parts.length === 1 ? only : { op, rules: parts };
}

/**
 * The rule with every atom that needs other tables taken as granted (`best`) or as refused: the row's columns alone
 * then say that a row cannot be permitted, or that it is permitted whatever those tables hold.
 */
export function bound(rule: RowRule, best: boolean): RowRule {
  switch (rule.op) {
    case 'all':
    case 'any':
      return folded({ op: rule.op, rules: rule.rules.map((part) => bound(part, best)) });
    case 'not':
      return folded({ op: 'not', rule: bound(rule.rule, !best) });
    case 'related':
    case 'consent':
    case 'agreement':
      return best ? TRUE : FALSE;
    default:
      return folded(rule);
  }
}
