-- Whom a supervisor's practitioners are is asked at each resolving of her standing (R-06 g).
create index directory_supervisor on directory ((entry ->> 'supervisor')) where entry ->> 'supervisor' is not null;
