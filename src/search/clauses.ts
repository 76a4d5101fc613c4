/** What a tree of clauses uses: which parameters of which types, and how large it is. */
import { type Clause, type Criterion, isCriterion, type Query, type SearchParam } from './types.ts';

/** Every parameter a tree reads, with the type it is read on; criteria and the references of chains alike. */
export function paramsOf(type: string | null, clauses: readonly Clause[]): { type: string; param: SearchParam }[] {
  return clauses.flatMap((clause): { type: string; param: SearchParam }[] => {
    if (isCriterion(clause)) return [{ type: type ?? '', param: clause.param }];
    switch (clause.op) {
      case 'chain':
        return [{ type: type ?? '', param: clause.param }, ...paramsOf(null, clause.targets)];
      case 'has':
        return [{ type: clause.source.type, param: clause.param }, ...paramsOf(null, [clause.source])];
      case 'type':
        return paramsOf(clause.type, clause.clauses);
      default:
        return paramsOf(type, clause.clauses);
    }
  });
}

/** Every criterion of a tree, wherever it stands. */
export function criteriaOf(clauses: readonly Clause[]): Criterion[] {
  return clauses.flatMap((clause): Criterion[] => {
    if (isCriterion(clause)) return [clause];
    if (clause.op === 'chain') return criteriaOf(clause.targets);
    return criteriaOf(clause.op === 'has' ? [clause.source] : clause.clauses);
  });
}

/** The parameters whose elements a parameter reveals: a composite tells of all its parts. */
export function codesOf({ code, composite }: SearchParam): string[] {
  const parts = composite?.parts ?? [];
  return [code, ...parts.flatMap(({ whole, root }) => (root === undefined ? [whole] : [whole, root]))];
}

/** Definitions at the end of a canonical are found by their url and version. */
function definitionsOf(clauses: readonly Clause[], type: string | null): { type: string; code: string }[] {
  const byName = (one: string): { type: string; code: string }[] =>
    ['url', 'version'].map((code) => ({ type: one, code }));
  return clauses.flatMap((clause): { type: string; code: string }[] => {
    if (isCriterion(clause)) return [];
    if (clause.op === 'chain') {
      const own = clause.param.canonical ? clause.targets.flatMap((target) => byName(target.type)) : [];
      return [...own, ...definitionsOf(clause.targets, null)];
    }
    if (clause.op === 'has') {
      return [
        ...(clause.param.canonical && type !== null ? byName(type) : []),
        ...definitionsOf(clause.source.clauses, clause.source.type),
      ];
    }
    return definitionsOf(clause.clauses, clause.op === 'type' ? clause.type : type);
  });
}

/** `Type` and parameter of everything a query uses to match, sort or include: what masks must know. */
export function paramsUsed(query: Query): { type: string; code: string }[] {
  const used = paramsOf(query.type, query.where).flatMap(({ type, param }) =>
    codesOf(param).map((code) => ({ type, code })),
  );
  for (const { param } of query.sort) {
    if (typeof param !== 'string' && query.type !== null) used.push({ type: query.type, code: param.code });
  }
  for (const { source, param } of [...query.include, ...query.revinclude]) {
    if (param !== null) used.push({ type: source, code: param.code });
  }
  used.push(...definitionsOf(query.where, query.type));
  const seen = new Set<string>();
  return used.filter(({ type, code }) => {
    const key = `${type}.${code}`;
    return seen.has(key) ? false : seen.add(key) !== null;
  });
}
