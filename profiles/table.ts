/** Our profiles and extensions: domain.md 3.4, 3.5, 2.6, 1.3, 5.4 and 6.4, one row each; written out by a script. */
import { extensionResource, profileResource } from './differential.ts';
import { AUDIT_PROFILES } from './table-audit.ts';
import { CARE_PROFILES } from './table-care.ts';
import { EXTENSIONS } from './table-extensions.ts';
import { PEOPLE_PROFILES } from './table-people.ts';

/** File texts by name. */
export function profileFiles(): Map<string, string> {
  const text = (resource: object): string => `${JSON.stringify(resource, null, 2)}\n`;
  const files = new Map<string, string>();
  for (const row of [...PEOPLE_PROFILES, ...CARE_PROFILES, ...AUDIT_PROFILES]) {
    files.set(`StructureDefinition-${row.name}.json`, text(profileResource(row)));
  }
  for (const row of EXTENSIONS) files.set(`StructureDefinition-${row.name}.json`, text(extensionResource(row)));
  return files;
}
