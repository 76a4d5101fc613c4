/** People around somebody: herself, those known as related to her, and the mothers, children and household of her family. */
import type { Db } from '../reads.ts';

/** Bodies of their Patients and RelatedPersons. @param subject `Patient/..` */
export async function bodiesAround(db: Db, subject: string): Promise<string[]> {
  const { rows } = await db.query<{ body: string }>(
    `with around as (
       select $1::text as who
       union select k.mother from kin k where k.child = $1
       union select k.child from kin k where k.mother = $1
       union select c from retention_children($1) as c
       union select 'Patient/' || m.id
         from resource rp cross join unnest(rp.tokens) as t
         join resource m on m.type = 'Patient' and m.tokens @> array['Patient.identifier=' || substr(t, 26)]
         where rp.tokens @> array['RelatedPerson.patient=' || $1]
           and t like 'RelatedPerson.identifier=https://fhir.nhs.uk/Id/nhs-number|_%'
       union select m from resource g cross join unnest(g.patients) as m where g.tokens @> array['Group.member=' || $1]
     )
     select r.body from resource r
     where not r.deleted and r.body is not null and (
       (r.type = 'Patient' and r.id in (select substr(who, 9) from around))
       or (r.type = 'RelatedPerson' and r.tokens @> array['RelatedPerson.patient=' || $1]))
     limit 200`,
    [subject],
  );
  return rows.map(({ body }) => body);
}

/** What the directory calls these people, services and teams. */
export async function namesInDirectory(db: Db, references: readonly string[]): Promise<[string, string][]> {
  const { rows } = await db.query<{ member: string; name: string }>(
    `select d.member, min(coalesce((select p.entry ->> 'name' from directory p
       where p.member = d.entry ->> 'practitioner' and p.entry ->> 'kind' = 'person' limit 1), d.entry ->> 'name')) as name
     from directory d where d.member = any ($1) group by d.member`,
    [references],
  );
  return rows.flatMap(({ member, name }): [string, string][] => (name === null ? [] : [[member, name]]));
}
