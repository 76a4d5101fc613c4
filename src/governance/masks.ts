/**
 * Masks: what is removed from a resource that may be shown, and the search parameters
 * that would reveal it. Masked is not findable: whoever filters or sorts by such a parameter gets only rows of which
 * nothing is masked for her (`paramGuard`).
 */
import { hasEnded } from './after-death.ts';
import {
  all,
  any,
  byAuthor,
  consentFor,
  consentForEvery,
  FALSE,
  inClasses,
  not,
  ofService,
  TRUE,
  tagged,
} from './compose.ts';
import { classesOfType } from './data-classes.ts';
import type { Mask } from './decision-types.ts';
import { type ElementPaths, reaches } from './element-paths.ts';
import { evaluate, type World } from './evaluate.ts';
import { NAMES, nameInLists } from './handling.ts';
import {
  type Carrier,
  ENDING,
  EVERYWHERE,
  EXISTS,
  FETAL_STATUS,
  PLACE,
  SUMMARY,
  THIRD_PARTY,
  TRIMS,
} from './mask-tables.ts';
import { cellOf } from './role-views.ts';
import type { RowRule } from './rule-types.ts';
import { selvesOf } from './standing.ts';
import type { DataClass, Principal, Role } from './types.ts';
import { UNBORN_TAG } from './vocabulary.ts';

/** Roles whose view of the pregnancy ends at the expected date (5.3). */
const OUTSIDE_PREGNANCY: readonly Role[] = ['admin', 'nursery-nurse', 'social-worker', 'partner'];
const NOTHING: Carrier = { remove: [], params: [] };

/** The masks of one permitted row. The mother sees her own address; the loading client sees all. */
export function masksFor(principal: Principal, world: World): Mask[] {
  if (principal.role === 'steward') return [];
  const { row } = world;
  const masks = roleMasks(principal, row.type, row.dataClass);
  if (row.tags.includes(UNBORN_TAG) && OUTSIDE_PREGNANCY.includes(principal.role))
    masks.push(maskOf('R-25', FETAL_STATUS));
  const apart = THIRD_PARTY[row.type];
  if (apart && !evaluate(withThirdParties(principal), world)) masks.push(maskOf('R-23', apart));
  const ending = ENDING[row.type];
  if (ending && evaluate(endedElsewhere(principal), world)) masks.push(maskOf('R-51', ending));
  const place = PLACE[row.type];
  if (place && principal.role !== 'mother' && evaluate(isHidden(principal), world)) masks.push(maskOf('R-16', place));
  return masks;
}

/** Masks that follow from the role and the class alone: the same for every such row. */
function roleMasks(principal: Principal, type: string, dataClass: DataClass): Mask[] {
  const masks: Mask[] = [];
  const { view } = cellOf(principal.role, dataClass);
  const isSummary = view === 'summary' || view === 'summary-shared' || view === 'summary-permitted';
  // Authors' view of a team lead is the status of the working copy, not its answers (5.3 "status only").
  const isStatus = principal.role === 'team-lead' && dataClass === 'working-copy';
  if (isSummary || isStatus) masks.push(maskOf('R-24', SUMMARY[type] ?? NOTHING));
  if (view === 'exists') masks.push(maskOf('R-25', EXISTS[type] ?? NOTHING));
  const trim = TRIMS[principal.role]?.[type];
  if (trim) masks.push(maskOf('R-25', trim));
  const place = PLACE[type];
  if (place && principal.role === 'partner') masks.push(maskOf('R-17', place));
  return masks;
}

/** 5.3: what the confidential response says about others is for a few roles, and of some of these for its authors' team. */
function withThirdParties(principal: Principal): RowRule {
  const { view } = cellOf(principal.role, 'third-party');
  if (view === 'full') return TRUE;
  return any(not(inClasses(['confidential'])), view === 'authors' ? byAuthor(selvesOf(principal)) : FALSE);
}

/** the row's pregnancy has ended, and another service than hers treated the woman. Her own row is hers. */
function endedElsewhere(principal: Principal): RowRule {
  if (principal.kind === 'family') return FALSE;
  return all(hasEnded(), not(ofService(principal.service === undefined ? [] : [principal.service])));
}

function maskOf(rule: string, carrier: Carrier): Mask {
  return { rule, ...withEverywhere(carrier) };
}

function withEverywhere({ remove, params }: Carrier): { remove: string[]; params: string[] } {
  return { remove: [...remove, ...EVERYWHERE], params: [...params] };
}

/** restricted, and not opened by this person with a reason. What she opened is shown, and still not searched by. */
function isHidden(principal: Principal): RowRule {
  const self = principal.practitionerRole;
  return self === undefined ? isRestricted() : all(isRestricted(), not(consentForEvery('unmask', [self])));
}

/** PDS restricted this woman's demographics. */
function isRestricted(): RowRule {
  return consentFor('s-flag', []);
}

/**
 * What a row of a type must also satisfy when a search filters, sorts, chains or counts by these of its parameters:
 * none of them may be masked for her. `true` when nothing is at stake, `false` when she never sees any of them.
 * @param paths the elements these parameters read, names from the resource down: a parameter that was posted stands in no
 *   table, so what it reaches decides. Null when nobody can tell: then any mask hides it.
 */
export function paramGuard(
  principal: Principal,
  type: string,
  params: readonly string[],
  paths: ElementPaths | null = [],
): RowRule {
  if (principal.role === 'steward') return TRUE;
  if (params.some((one) => WHOLE_TEXT.has(one))) return wholeTextGuard(principal, type);
  if (type === 'Group' && reaches(MEMBERS, paths)) return FALSE;
  const reveals = ({ remove, params: known }: Carrier): boolean =>
    known.some((one) => params.includes(one)) || reaches(remove, paths);
  const place = PLACE[type];
  const isPlace = place !== undefined && principal.role !== 'mother' && reveals(withEverywhere(place));
  const isFetal = OUTSIDE_PREGNANCY.includes(principal.role) && reaches(withEverywhere(FETAL_STATUS).remove, paths);
  const masked = classesOfType(type).filter((dataClass) => roleMasks(principal, type, dataClass).some(reveals));
  const unmasked = masked.length === classesOfType(type).length ? { op: 'false' as const } : not(inClasses(masked));
  const ending = ENDING[type];
  const isEnding = ending !== undefined && reveals(withEverywhere(ending));
  const apart = THIRD_PARTY[type];
  const isApart = apart !== undefined && reveals(withEverywhere(apart));
  const name = NAMES[type];
  const isName = name !== undefined && reveals(name);
  return all(
    unmasked,
    isPlace ? not(isRestricted()) : TRUE,
    isEnding ? not(endedElsewhere(principal)) : TRUE,
    isApart ? withThirdParties(principal) : TRUE,
    isFetal ? not(tagged(UNBORN_TAG)) : TRUE,
    isName ? nameInLists(principal) : TRUE,
  );
}

/** A family shows each reader the members she may see; all of them together are shown to nobody. */
const MEMBERS = ['member', 'quantity', ...EVERYWHERE];

/** A search in the text of a row would find what any mask takes away. */
const WHOLE_TEXT: ReadonlySet<string> = new Set(['_text', '_content']);

/** Rows of which this principal is shown everything: no mask of the role, of the woman or of the unborn child applies. */
function wholeTextGuard(principal: Principal, type: string): RowRule {
  // A family names people whom a reader may not see; what is left of it is worked out member by member.
  if (type === 'Group') return FALSE;
  const classes = classesOfType(type);
  const masked = classes.filter((dataClass) => roleMasks(principal, type, dataClass).length > 0);
  if (masked.length === classes.length) return FALSE;
  const isPlace = PLACE[type] !== undefined && principal.role !== 'mother';
  return all(
    not(inClasses(masked)),
    isPlace ? not(isRestricted()) : TRUE,
    ENDING[type] === undefined ? TRUE : not(endedElsewhere(principal)),
    THIRD_PARTY[type] === undefined ? TRUE : withThirdParties(principal),
    OUTSIDE_PREGNANCY.includes(principal.role) ? not(tagged(UNBORN_TAG)) : TRUE,
    // Her name stands in texts about her too, and lists leave those out.
    nameInLists(principal),
  );
}
