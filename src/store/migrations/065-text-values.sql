-- A phrase is looked for within one value: between two values stands a word of its own kind, which no search can ask for
-- (what is asked has letters and digits only). Mark-up is taken out of values that begin with it, so that "BP < 90" keeps
-- what follows. search/text-words.ts says the same in memory.
create or replace function record_words(body text, narrative boolean) returns tsvector
  language sql immutable parallel safe cost 10000 as $$
  select to_tsvector('simple', left(replace(regexp_replace(
    replace(replace(replace(replace(
      translate(lower(regexp_replace(normalize(x.said, NFKD), U&'[\0300-\036f]', '', 'g')), 'øłđðıς’‘ʼ‐‑–', 'olddiσ''''''---'),
      'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), '[^[:alnum:]\n]+', ' ', 'g'), E'\n', ' - value@end.of - '), 500000))
  from (
    select coalesce(string_agg(case when v.said like '<%' then regexp_replace(v.said, '<[^>]*>', ' ', 'g') else v.said end, E'\n'), '') as said
    from (
      select replace(body::jsonb #>> '{text,div}', E'\n', ' ') as said where narrative
      union all
      select replace(p #>> '{}', E'\n', ' ') from jsonb_path_query(body::jsonb, 'strict $.**') p
      where not narrative and jsonb_typeof(p) in ('string', 'number')
    ) v
  ) x
$$;
