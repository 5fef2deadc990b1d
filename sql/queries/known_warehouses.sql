-- Every warehouse that stock or master data name, with its time zone.
select w.warehouse, w.name, w.name_zh, w.timezone, w.known from warehouses w order by w.warehouse
