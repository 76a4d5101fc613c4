-- A person who signs in with a key of her own, without any app between: the first administrators (npm run setup). Her
-- tokens name the PractitionerRole; what she may do is the directory's word at each request, as for everybody.
alter table client add column person text collate "C" check (person like 'PractitionerRole/%');
