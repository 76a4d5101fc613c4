-- Least privilege: what the service's role may do with the record. Nothing here may be truncated or altered by it.
grant select, insert, update on resource to tandem_service;
grant select, insert on history to tandem_service;
grant select, insert, delete on index_string, index_date, index_number to tandem_service;
grant select, insert, delete on relationship, consent, agreement, kin, pregnancy, directory to tandem_service;
grant select, update on generation to tandem_service;
grant select, insert, delete on change to tandem_service;
grant select, insert on feed to tandem_service;
grant select, insert, delete on page to tandem_service;
grant select, insert on audit to tandem_service;
