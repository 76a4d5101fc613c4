/** Rows of the record as the rest of the house sees them, and the words in which facts travel to SQL. */
import type {
  AgreementRow,
  ConsentRow,
  DataClass,
  Label,
  Relationship,
  RelationshipKind,
  RowFacts,
} from '../governance/types.ts';
import type { IndexValues } from '../search/types.ts';

/** One version of one resource with its facts. `body` is the stored text, null for a tombstone. */
export interface ResourceRow extends RowFacts {
  version: number;
  updated: Date;
  deleted: boolean;
  body: string | null;
}

/** A row and everything the rules need to decide it, read in one statement at one snapshot. */
export interface DecidableRow {
  row: ResourceRow;
  relationships: Relationship[];
  consents: ConsentRow[];
  agreements: readonly AgreementRow[];
}

/** One resource version to write. */
export interface RowWrite {
  facts: RowFacts;
  /** The version this write makes; the current one must be exactly one less (0 = none), else a conflict. */
  version: number;
  op: 'C' | 'U' | 'D';
  updated: Date;
  body: string | null;
  index: IndexValues;
  /** Generation of the definitions by which it was indexed; another one at the commit writes nothing. */
  indexedAt?: number;
}

/** Rows for the fact tables; everything from one of `sources` is replaced. */
export interface FactWrite {
  sources: string[];
  relationships: Relationship[];
  consents: ConsentRow[];
  agreements: AgreementRow[];
  kin: { source: string; child: string; mother: string }[];
  pregnancies: { source: string; key: string; mother: string; from: string; until: string | null }[];
  directory: { source: string; member: string; entry: unknown }[];
  /** Rows whose release follows from these: a referral's Task releases or holds its ServiceRequest. */
  touches: { type: string; id: string; released: boolean; addressee: string | null }[];
  /** True when directory or agreements changed: cached principals are void. */
  generation: boolean;
}

export const ROW_COLUMNS =
  'r.type, r.id, r.version, r.updated, r.deleted, r.body, r.patients, r.subjects, r.pregnancy, r.data_class, r.label, r.tags, r.service, r.authors, r.released, r.addressee';

export interface RawRow {
  type: string;
  id: string;
  version: number;
  updated: Date;
  deleted: boolean;
  body: string | null;
  patients: string[];
  subjects: string[];
  pregnancy: string | null;
  data_class: DataClass;
  label: Label;
  tags: string[];
  service: string | null;
  authors: string[];
  released: boolean;
  addressee: string | null;
}

export function toRow(raw: RawRow): ResourceRow {
  return {
    type: raw.type,
    id: raw.id,
    version: raw.version,
    updated: raw.updated,
    deleted: raw.deleted,
    body: raw.body,
    patients: raw.patients,
    subjects: raw.subjects,
    pregnancy: raw.pregnancy,
    dataClass: raw.data_class,
    label: raw.label,
    tags: raw.tags,
    service: raw.service,
    authors: raw.authors,
    released: raw.released,
    addressee: raw.addressee,
  };
}

/** Between the parts of a list inside a list: arrays in arrays cannot be ragged. */
export const SEPARATOR = '\u001f';

/** Open ends travel as infinities, so that every comparison in SQL is a plain one. */
const NEVER = 'infinity';
const ALWAYS = '-infinity';

export interface RawRelationship {
  source: string;
  party: string;
  patient: string;
  pregnancy: string | null;
  kind: RelationshipKind;
  from_at: string;
  until_at: string;
  ending: 'closed' | 'revoked' | null;
  scope: string[];
}

export function toRelationship(raw: RawRelationship): Relationship {
  const { from_at, until_at, ...rest } = raw;
  return { ...rest, from: open(from_at), until: open(until_at) };
}

export interface RawConsent {
  source: string;
  patient: string;
  kind: ConsentRow['kind'];
  party: string | null;
  classes: DataClass[];
  from_at: string;
  until_at: string;
}

export function toConsent(raw: RawConsent): ConsentRow {
  const { from_at, until_at, ...rest } = raw;
  return { ...rest, from: open(from_at), until: open(until_at) };
}

export interface RawAgreement {
  source: string;
  from_service: string;
  to_service: string;
  classes: DataClass[];
  purposes: AgreementRow['purposes'];
  max_label: Label;
  from_at: string;
  until_at: string;
  revoked: boolean;
}

export function toAgreement(raw: RawAgreement): AgreementRow {
  return {
    source: raw.source,
    fromService: raw.from_service,
    toService: raw.to_service,
    classes: raw.classes,
    purposes: raw.purposes,
    maxLabel: raw.max_label,
    from: open(raw.from_at),
    until: open(raw.until_at),
    revoked: raw.revoked,
  };
}

/** The fact rows as the JSON that `record_facts` takes. */
export function factsJson(facts: FactWrite): string {
  return JSON.stringify({
    sources: facts.sources,
    generation: facts.generation,
    relationships: facts.relationships.map(({ from, until, ...rest }) => ({
      ...rest,
      from_at: from ?? ALWAYS,
      until_at: until ?? NEVER,
    })),
    consents: facts.consents.map(({ from, until, ...rest }) => ({
      ...rest,
      from_at: from ?? ALWAYS,
      until_at: until ?? NEVER,
    })),
    agreements: facts.agreements.map((agreement) => ({
      source: agreement.source,
      from_service: agreement.fromService,
      to_service: agreement.toService,
      classes: agreement.classes,
      purposes: agreement.purposes,
      max_label: agreement.maxLabel,
      from_at: agreement.from ?? ALWAYS,
      until_at: agreement.until ?? NEVER,
      revoked: agreement.revoked,
    })),
    kin: facts.kin,
    pregnancies: facts.pregnancies.map(({ from, until, ...rest }) => ({
      ...rest,
      from_at: from,
      until_at: until ?? NEVER,
    })),
    directory: facts.directory,
    touches: facts.touches,
  });
}

/** PostgreSQL prints infinities as words; ISO text otherwise. */
function open(instant: string): string | null {
  return instant === NEVER || instant === ALWAYS ? null : instant;
}
