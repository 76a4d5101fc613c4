/** What the attacker asks: any door, with criteria of every row that is there, the hidden ones first of all. */
import type { Service } from '../harness/service.ts';
import type { Random } from './random.ts';

export interface Asked {
  how: 'get' | 'form' | 'batch' | 'transaction';
  /** More than one only in a Bundle. */
  paths: string[];
}

export interface Fact {
  type: string;
  id: string;
  /** `parameter=value` that the whole database answers with this row. */
  criteria: string[];
  /** `parameter` and the row it leads to. */
  links: { code: string; to: string }[];
}

/** Criteria of every row of the whole database. */
export async function factsOf({ pool }: Service): Promise<Fact[]> {
  const { rows } = await pool.query<{ type: string; id: string; tokens: string[]; strings: string[]; dates: string[] }>(
    `select type, id, tokens,
      array(select code || '=' || value from index_string s where s.type = r.type and s.id = r.id) as strings,
      array(select code || '=' || to_char(low at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') from index_date d
        where d.type = r.type and d.id = r.id and isfinite(low)) as dates
     from resource r where not deleted and type not in ('Questionnaire', 'Account') order by type, id`,
  );
  return rows.map(({ type, id, tokens, strings, dates }) => {
    const pairs = tokens.flatMap((token): [string, string][] => {
      const [, code = '', value = ''] = /^[A-Za-z]+\.([a-z-]+)=([^,$\\]+)$/.exec(token) ?? [];
      return code === '' || code === 'member' ? [] : [[code, value]];
    });
    const texts = [...strings, ...dates].map((one): [string, string] => {
      const [code = '', value = ''] = one.split('=');
      return [code, value.split('\u0001')[0] ?? ''];
    });
    const all = [...pairs, ...texts].filter(
      ([code, value]) => code !== '' && value !== '' && code !== '_text' && code !== '_content',
    );
    return {
      type,
      id,
      criteria: [
        `_id=${id}`,
        ...all.map(([code, value]) => `${code}=${encodeURIComponent(value.replace(/[,$\\]/g, '\\$&'))}`),
      ],
      links: pairs.flatMap(([code, to]) => (/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]+$/.test(to) ? [{ code, to }] : [])),
    };
  });
}

const RESULTS = [
  '', '', '', '_total=accurate', '_sort=_id', '_sort=-_lastUpdated', '_sort=date', '_sort=-date,_id', '_sort=family', '_sort=-address-city,_id', '_summary=count', '_elements=id,status,address',
  '_count=2', '_count=1&_total=accurate', '_summary=text', '_summary=true', '_summary=data', '_sort=name&_count=2', '_sort=status', '_sort=-birthdate', '_contained=false',
]; // biome-ignore format: many in few lines

/** One random request. */
export function request(facts: readonly Fact[], random: Random): Asked {
  const chosen = random.next();
  if (chosen < 0.07)
    return { how: random.pick(['batch', 'transaction']), paths: Array.from({ length: 4 }, () => path(facts, random)) };
  const one = path(facts, random);
  const isForm = chosen < 0.2 && /^[A-Za-z]+\?/.test(one);
  return { how: isForm ? 'form' : 'get', paths: [one] };
}

function path(facts: readonly Fact[], random: Random): string {
  const { pick } = random;
  const one = pick(facts);
  const linked = one.links.length === 0 ? null : pick(one.links);
  const other = facts.find(({ type, id }) => `${type}/${id}` === linked?.to) ?? pick(facts);
  const back = facts.flatMap((from) => from.links.filter(({ to }) => to === `${one.type}/${one.id}`).map(({ code }) => ({ from, code })));
  const via = back.length === 0 ? null : pick(back);
  const criterion = (fact: Fact) => pick(fact.criteria);
  const spoken = (text: string) => text.replace(/=.*/, pick([':missing=true', ':missing=false']));
  const results = () => {
    const said = pick(RESULTS);
    return said === '' ? '' : `&${said}`;
  };
  const patient = pick(['p1', 'p1', 'p2', 'u1']);
  const version = pick(['1', '2', '3']);
  const self = `${one.type}/${one.id}`;
  const asFilter = (text: string) => {
    const [name = '', value = ''] = text.split('=');
    return `${name} ${pick(['eq', 'eq', 'co', 'ne'])} ${/^[\w./-]+$/.test(decodeURIComponent(value)) ? value : `%22${value.replaceAll('%22', '')}%22`}`;
  };
  return pick([
    () => self,
    () => self,
    () => `${self}?_elements=id`,
    () => `${self}?_summary=${pick(['true', 'text', 'data'])}`,
    () => `${self}/_history`,
    () => `${self}/_history?_count=1`,
    () => `${self}/_history/${version}`,
    () => `${self}/$meta`,
    () => `${self}/$validate`,
    () => `_history?_count=${pick(['3', '20'])}`,
    () => `${pick(['Encounter', 'EpisodeOfCare', 'Group'])}/${pick(facts.filter(({ type }) => ['Encounter', 'EpisodeOfCare', 'Group'].includes(type))).id}/$everything`,
    () => `${one.type}?${linked?.code ?? 'subject'}:${other.type}.${pick(other.links)?.code ?? 'subject'}.${pick(['_id=p1', 'name=Fam', '_id:missing=false'])}`,
    () => `Patient?_has:${via?.from.type ?? 'Observation'}:${via?.code ?? 'subject'}:_has:${pick(['Task', 'ServiceRequest'])}:focus:_id=${pick(['triage', 'r1'])}`,
    () => `${one.type}/$meta`,
    () => `${self}/$diff`,
    () => `${self}/$diff?from=${version}&to=${pick(['1', '2'])}`,
    () => `${one.type}?${results().slice(1)}`,
    () => `${one.type}?${criterion(one)}${results()}`,
    () => `${one.type}?${criterion(one)}${results()}`,
    () => `${one.type}?${spoken(criterion(one))}${results()}`,
    () => `${one.type}?${criterion(one).replace('=', ':not=')}${results()}`,
    () => `${one.type}?${criterion(one)}&${criterion(one)}${results()}`,
    () => `${one.type}?${criterion(one)}&${criterion(pick(facts.filter(({ type }) => type === one.type)))}`,
    () => `${one.type}?_filter=${asFilter(criterion(one))}${results()}`,
    () => `${one.type}?_filter=${asFilter(criterion(one))} ${pick(['and', 'or'])} not (${asFilter(criterion(one))})`,
    () => `${one.type}?_text=${pick(['story', 'famwp1', 'Famwp2', one.id.replace(/[^a-z0-9]/gi, '')])}${results()}`,
    () => `${one.type}?_content=${pick(['note', 'famwp1', 'Famwp2', one.id.replace(/[^a-z0-9]/gi, '')])}${results()}`,
    () => `${one.type}?_id=${one.id}&_revinclude=${via?.from.type ?? 'Observation'}:${via?.code ?? 'subject'}`,
    () => `${one.type}?_id=${one.id}&_include=${one.type}:${linked?.code ?? 'subject'}`,
    () => `${one.type}?_id=${one.id}&_include=*`,
    () => `${one.type}?_id=${one.id}&_include=${one.type}:${linked?.code ?? 'subject'}&_include:iterate=${other.type}:${pick(other.links)?.code ?? 'subject'}`,
    () => `${one.type}?_id=${one.id}&_revinclude=${via?.from.type ?? 'Observation'}:${via?.code ?? 'subject'}&_revinclude:iterate=Observation:subject`,
    () => `${one.type}?${linked?.code ?? 'subject'}:${other.type}.${criterion(other)}${results()}`,
    () => `${one.type}?${linked?.code ?? 'subject'}:${other.type}.${spoken(criterion(other))}${results()}`,
    () => `${one.type}?_has:${via?.from.type ?? 'Observation'}:${via?.code ?? 'subject'}:${criterion(via?.from ?? one)}${results()}`,
    () => `${one.type}?_has:${via?.from.type ?? 'Observation'}:${via?.code ?? 'subject'}:${spoken(criterion(via?.from ?? one))}`,
    () => `Patient/${patient}/${one.type}?${criterion(one)}${results()}`,
    () => `Patient/${patient}/${one.type}`,
    () => `${one.type}?${linked?.code ?? 'subject'}:text=Famw${patient}${results()}`,
    () => `Patient?name=Famw${patient}${results()}`,
    () => `${one.type}?subject:Patient.name=Famw${patient}`,
    () => `Patient/${patient}/*?_type=Observation,CarePlan,Encounter`,
    () => `Patient/${patient}/$everything`,
    () => `Patient/${patient}/$everything?_type=Patient,Observation,CarePlan&_count=3`,
    () => `${one.type}/_history?_count=${pick(['2', '3', '50'])}`,
    () => `${one.type}/_history?_since=2026-06-08T07:30:00Z`,
    () => `?_type=Patient,Observation,CarePlan&_lastUpdated=ge2020-01-01&_sort=${pick(['_id', '-_lastUpdated'])}&_count=${pick(['3', '50'])}`,
    () => `$versions`,
    () => `Patient?_sort=${pick(['family', '-family', 'given', 'address', 'address-postalcode', '-address-city', 'phone', 'name'])}&_count=2`,
    () => `Patient?address-postalcode=${pick(['ZZ9', 'ZZ9 1AA'])}${results()}`,
    () => `Patient?phone:missing=${pick(['true', 'false'])}&_total=accurate`,
    () => `${pick(['Encounter', 'Appointment'])}?location=${pick(['Location/clinic', 'Location/clinic', 'Location/none'])}${results()}`,
    () => `Appointment?actor=${pick(['PractitionerRole/hv-1', 'Location/clinic', 'Patient/p1', 'PractitionerRole/mw-1'])}${results()}`,
  ])();
} // biome-ignore format: one kind of request a line
