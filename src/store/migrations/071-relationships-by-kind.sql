-- Whose families a person's rule reaches: of a service's 112,500 relationships none was of the kinds that the rule takes
-- through the service, and reading them all to see it took 280 of the 300 ms of her searches. The rule itself asks by
-- patient (relationship_patient).
drop index relationship_party;
create index relationship_party on relationship (party, kind, patient) include (from_at, until_at);
