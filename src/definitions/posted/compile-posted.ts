/**
 * Posted definitions that take effect -> sections laid over a snapshot (`snapshot.ts`). What R4, we and loaded packages
 * define stands, whatever is posted under the same canonical.
 */
import type { Resource } from '../../fhir/types.ts';
import { addTermTexts } from '../compile-term-texts.ts';
import {
  type CodeSystemResource,
  compileCodeSystem,
  compileValueSet,
  type ValueSetResource,
} from '../compile-terms.ts';
import { compileParameters, type SearchBase } from './posted-search.ts';
import { compileStructures, type FindShipped } from './posted-structures.ts';
import type { Posted, PostedFault, PostedSections } from './types.ts';

export interface PostedBase extends SearchBase {
  structure: FindShipped;
  /** True when a definition of this type and canonical ships. */
  ships(type: string, url: string): boolean;
}

/** Of one canonical the latest version stands for those who name none; the others are found by theirs. */
function latestFirst(posted: readonly Posted[]): Posted[] {
  const version = ({ resource }: Posted): string => String(resource.version ?? '');
  return [...posted].sort(
    (a, b) => version(b).localeCompare(version(a), 'en', { numeric: true }) || (a.place < b.place ? -1 : 1),
  );
}

function isCodeSystem(resource: Resource | CodeSystemResource): resource is CodeSystemResource {
  return resource.resourceType === 'CodeSystem' && typeof resource.url === 'string';
}

function isValueSet(resource: Resource | ValueSetResource): resource is ValueSetResource {
  return resource.resourceType === 'ValueSet' && typeof resource.url === 'string';
}

function addTerms(sections: Map<string, unknown>, posted: readonly Posted[]): PostedFault[] {
  const faults: PostedFault[] = [];
  // the last added stands
  for (const { place, resource } of [...posted].reverse()) {
    const source: Resource | CodeSystemResource | ValueSetResource = resource;
    try {
      if (isCodeSystem(source)) sections.set(`cs:${source.url}`, compileCodeSystem(source));
      else if (isValueSet(source)) sections.set(`vs:${source.url}`, compileValueSet(source));
    } catch {
      faults.push({ place, reason: `it is not shaped like a ${resource.resourceType}` });
      continue;
    }
    addTermTexts(sections, [resource]);
    const key = `text:${resource.resourceType}:${resource.url}`;
    if (typeof resource.version === 'string') sections.set(`${key}|${resource.version}`, sections.get(key));
  }
  return faults;
}

function withoutUrl(posted: readonly Posted[], base: PostedBase): { usable: Posted[]; faults: PostedFault[] } {
  const faults: PostedFault[] = [];
  const usable = posted.filter(({ place, resource }) => {
    const { resourceType: type, url } = resource;
    const reason =
      typeof url !== 'string' || !/^[a-z][a-z0-9+.-]*:\S+$/i.test(url)
        ? 'it has no absolute url, so nothing can name it'
        : base.ships(type, url)
          ? 'its url is defined by what ships with this service, and that stands'
          : null;
    if (reason !== null) faults.push({ place, reason });
    return reason === null;
  });
  return { usable, faults };
}

/** What an item of a form can name of a definition. */
function elementsOf({ resourceType, url, baseDefinition, snapshot, differential }: Resource): Resource {
  return JSON.parse(JSON.stringify({ resourceType, url, baseDefinition, snapshot, differential }));
}

/** Compiles them all; the order of what comes in changes nothing. */
export function compilePosted(posted: readonly Posted[], base: PostedBase): PostedSections {
  const { usable, faults } = withoutUrl(latestFirst(posted), base);
  const of = (type: string): Posted[] => usable.filter(({ resource }) => resource.resourceType === type);
  const sections = new Map<string, unknown>();
  faults.push(...addTerms(sections, [...of('CodeSystem'), ...of('ValueSet'), ...of('ConceptMap')]));
  const structures = compileStructures([...of('StructureDefinition')].reverse(), base.structure);
  for (const [url, profile] of structures.profiles) sections.set(`profile:${url}`, profile);
  for (const { resource } of of('StructureDefinition')) {
    const url = String(resource.url);
    if (structures.profiles.has(url) && !sections.has(`structure:${url}`))
      sections.set(`structure:${url}`, elementsOf(resource));
  }
  for (const [url, extension] of structures.extensions) sections.set(`extension:${url}`, extension);
  const { params, faults: unsearched } = compileParameters(of('SearchParameter'), base);
  for (const [type, list] of params) sections.set(`posted-search:${type}`, [...list.values()]);
  return {
    sections: [...sections].map(([name, value]) => [name, JSON.stringify(value)]),
    faults: [...faults, ...structures.faults, ...unsearched],
  };
}
