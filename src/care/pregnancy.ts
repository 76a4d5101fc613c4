/** The pregnancy and its estimated date of delivery as resources (domain.md 1.2 and 3.7), and the EDD that counts. */
import type { Reference, Resource } from '../fhir/types.ts';
import { SNOMED, snomed } from './canon.ts';
import { type CivilDate, eddFromLmp } from './clock.ts';
import { codeIn, textAt } from './shape.ts';

/** SNOMED codes of an EDD by method (domain.md 3.7). */
export const EDD_CODE = { lmp: '289206005', scan: '738070007' } as const;

/** The estimated date of delivery as an Observation; a scan supersedes the last period. */
export function eddObservation(edd: {
  patient: Reference;
  /** By last menstrual period (EDD = LMP + 280 d) or as measured at the dating scan. */
  from: { lmp: CivilDate } | { scan: CivilDate };
  on: CivilDate;
  performer: Reference;
}): Resource {
  const byScan = 'scan' in edd.from;
  const value = 'scan' in edd.from ? edd.from.scan : eddFromLmp(edd.from.lmp);
  const code = byScan ? EDD_CODE.scan : EDD_CODE.lmp;
  const display = byScan ? 'EDD from antenatal ultrasound scan' : 'EDD from last period';
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: SNOMED, code, display }] },
    subject: edd.patient,
    effectiveDateTime: edd.on,
    performer: [edd.performer],
    valueDateTime: value,
  };
}

/** The pregnancy itself (77386006), recorded by the midwife at booking. */
export function pregnancyCondition(patient: Reference, recorder: Reference, on: CivilDate): Resource {
  return {
    resourceType: 'Condition',
    clinicalStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-clinical', code: 'active' }],
    },
    verificationStatus: {
      coding: [{ system: 'http://terminology.hl7.org/CodeSystem/condition-ver-status', code: 'confirmed' }],
    },
    code: { coding: [snomed('77386006', 'Pregnancy')] },
    subject: patient,
    recordedDate: on,
    recorder,
  };
}

export interface KnownEdd {
  edd: CivilDate;
  byScan: boolean;
}

/**
 * The EDD that counts among Observations of one pregnancy: by scan before by last period, then the latest recorded.
 * Undefined when there is none.
 */
export function eddOf(observations: readonly Resource[]): KnownEdd | undefined {
  const known = observations
    .filter((observation) => ['final', 'amended', 'corrected'].includes(textAt(observation, 'status') ?? ''))
    .flatMap((observation) => {
      const code = codeIn(observation.code, SNOMED);
      const edd = textAt(observation, 'valueDateTime')?.slice(0, 10);
      if (edd === undefined || (code !== EDD_CODE.scan && code !== EDD_CODE.lmp)) return [];
      return [{ edd, byScan: code === EDD_CODE.scan, on: textAt(observation, 'effectiveDateTime') ?? '' }];
    })
    .sort((a, b) => Number(b.byScan) - Number(a.byScan) || b.on.localeCompare(a.on));
  const [best] = known;
  return best === undefined ? undefined : { edd: best.edd, byScan: best.byScan };
}
