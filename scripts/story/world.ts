/** What the scenes share: the service, the people, the receiver, the screen, and what earlier scenes left behind. */
import type { CivilDate } from '../../src/care/clock.ts';
import type { Cast } from './cast.ts';
import type { Family } from './family.ts';
import type { Actor, Fhir } from './http.ts';
import type { Screen } from './screen.ts';
import type { Webhook } from './webhook.ts';

/** A family as the service knows it. */
export interface KnownFamily {
  family: Family;
  /** `Patient/..` */
  patient: string;
  /** Id of the ServiceRequest. */
  referral: string;
}

/** The family of the visit. */
export interface VisitedFamily extends KnownFamily {
  baby: string;
  partner: string;
  partnerName: string;
  /** Ids. */
  appointment: string;
  encounter: string;
  /** Ids of working copy and confidential response. */
  working: string;
  confidential: string;
}

export interface World {
  fhir: Fhir;
  cast: Cast;
  hook: Webhook;
  screen: Screen;
  today: CivilDate;
  /** A word of this run, for names that must be new. */
  clock: number;
  /** DATA_DIR of the running service, for the seal's proof. */
  dataDir: string | undefined;
  /** Made by this story, taken back at its end. */
  subscriptions: { who: Actor; id: string }[];
  referred?: KnownFamily;
  visited?: VisitedFamily;
}
