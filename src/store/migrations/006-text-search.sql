-- The words of a resource for `_text` (its narrative) and `_content` (all of it), folded as the service folds what is asked
-- (search/fold.ts); whatever is no letter or digit parts two words, and mark-up is no word. Made when asked: an index would be larger than the record and cost every write. The cost tells the
-- planner to look at rules, masks and all other criteria first.
create function record_words(body text, narrative boolean) returns tsvector
  language sql immutable parallel safe cost 10000 as $$
  select to_tsvector('simple', left(regexp_replace(
    replace(replace(replace(replace(
      translate(lower(regexp_replace(normalize(regexp_replace(x.said, '<[^>]*>', ' ', 'g'), NFKD), U&'[\0300-\036f]', '', 'g')), 'øłđðıς’‘ʼ‐‑–', 'olddiσ''''''---'),
      'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'), '[^[:alnum:]]+', ' ', 'g'), 500000))
  from (
    select case when narrative then coalesce(body::jsonb #>> '{text,div}', '')
      else coalesce((select string_agg(v #>> '{}', ' ') from jsonb_path_query(body::jsonb, 'strict $.**') v
        where jsonb_typeof(v) in ('string', 'number')), '') end as said
  ) x
$$;
