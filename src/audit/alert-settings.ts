/**
 * Alert rules as an installation sets them: `{ "rules": { "A-08": "live" }, "thresholds": { "denials": 8 },
 * "suppress": { "A-05": ["Organization/hostel-team"] } }`. Pure.
 */
import { isObject } from '../fhir/resource.ts';
import { ALERT_RULES, THRESHOLDS } from './alert-rules.ts';
import type { AlertMode, AlertRule, Thresholds } from './alert-types.ts';

export interface AlertSettings {
  rules: readonly AlertRule[];
  thresholds: Thresholds;
}

const MODES: readonly AlertMode[] = ['off', 'observe', 'live'];
/** Other rules promise these alerts, and the audit's own failure is never silent. */
const ALWAYS_LIVE: readonly string[] = ['A-01', 'A-02', 'A-03', 'A-11', 'A-16', 'A-21', 'A-22'];

/** Other rules promise it: it cannot be set. */
export function isAlwaysLive(id: string): boolean {
  return ALWAYS_LIVE.includes(id);
}

/** Settings from a file's text; null = as they ship. @throws Error in words for anything that is not understood */
export function alertSettings(text: string | null): AlertSettings {
  if (text === null) return { rules: ALERT_RULES, thresholds: THRESHOLDS };
  let given: unknown = null;
  try {
    given = JSON.parse(text);
  } catch {
    // told below
  }
  if (!isObject(given)) throw new Error('The alert settings are not a JSON object.');
  const { rules = {}, thresholds = {}, suppress = {}, ...other } = given;
  const [unknown] = Object.keys(other);
  if (unknown !== undefined || !isObject(rules) || !isObject(thresholds) || !isObject(suppress)) {
    throw new Error('The alert settings have three parts: rules, thresholds and suppress.');
  }
  return { rules: withSuppressed(withModes(rules), suppress), thresholds: withThresholds(thresholds) };
}

function withModes(modes: Readonly<Record<string, unknown>>): AlertRule[] {
  for (const id of Object.keys(modes)) {
    if (!ALERT_RULES.some((rule) => rule.id === id))
      throw new Error(`The alert settings name a rule ${id}; there is none.`);
  }
  return ALERT_RULES.map((rule) => {
    const mode = MODES.find((one) => one === modes[rule.id]);
    if (modes[rule.id] === undefined) return rule;
    if (mode === undefined) throw new Error(`Alert rule ${rule.id} is off, observe or live.`);
    if (ALWAYS_LIVE.includes(rule.id) && mode !== 'live') throw new Error(`Alert rule ${rule.id} is always live.`);
    return { ...rule, mode };
  });
}

const PARTY = /^(Organization|CareTeam|PractitionerRole|Subscription)\/[A-Za-z0-9.-]{1,64}$/;

/** Whom a rule says nothing about. A rule that others promise is silent about nobody. */
function withSuppressed(rules: readonly AlertRule[], suppress: Readonly<Record<string, unknown>>): AlertRule[] {
  for (const id of Object.keys(suppress)) {
    if (!rules.some((rule) => rule.id === id)) throw new Error(`The alert settings name a rule ${id}; there is none.`);
    if (ALWAYS_LIVE.includes(id)) throw new Error(`Alert rule ${id} is silent about nobody.`);
  }
  return rules.map((rule) => {
    const given = suppress[rule.id];
    if (given === undefined) return rule;
    const parties = Array.isArray(given) ? given.filter((one) => typeof one === 'string' && PARTY.test(one)) : [];
    if (!Array.isArray(given) || parties.length !== given.length)
      throw new Error(`Alert rule ${rule.id} is silent about a list of references such as Organization/id.`);
    return { ...rule, suppressed: parties };
  });
}

function withThresholds(given: Readonly<Record<string, unknown>>): Thresholds {
  const thresholds = { ...THRESHOLDS };
  for (const [name, value] of Object.entries(given)) {
    if (!isThreshold(name)) throw new Error(`The alert settings name a threshold ${name}; there is none.`);
    if (typeof value !== 'number' || !(value > 0) || value > 1e6)
      throw new Error(`The threshold ${name} is a number above 0.`);
    thresholds[name] = value;
  }
  return thresholds;
}

function isThreshold(name: string): name is keyof Thresholds {
  return Object.hasOwn(THRESHOLDS, name);
}
