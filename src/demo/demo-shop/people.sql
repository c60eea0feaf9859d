CREATE SCHEMA "Human Resources";
COMMENT ON SCHEMA "Human Resources" IS 'People; the name needs quotes on purpose';

CREATE TABLE "Human Resources".departments (
  id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Name" text NOT NULL UNIQUE,
  cost_centre char(6) NOT NULL DEFAULT '000000'
);

CREATE TABLE "Human Resources"."Employees" (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  department_id smallint NOT NULL REFERENCES "Human Resources".departments (id),
  manager_id integer REFERENCES "Human Resources"."Employees" (id),
  "First Name" text NOT NULL,
  "Last Name" text NOT NULL,
  work_email shop.email NOT NULL UNIQUE,
  salary numeric(10, 2) NOT NULL,
  skills text[],
  hired_on date NOT NULL
);
COMMENT ON COLUMN "Human Resources"."Employees".salary IS 'Confidential: per month, before tax';
CREATE INDEX "Employees by name" ON "Human Resources"."Employees" ("Last Name", "First Name");

CREATE TABLE "Human Resources".absences (
  employee_id integer NOT NULL REFERENCES "Human Resources"."Employees" (id) ON DELETE CASCADE,
  during daterange NOT NULL,
  reason text NOT NULL CHECK (reason <> ''),
  EXCLUDE USING gist (during WITH &&) WHERE (reason = 'holiday' AND employee_id = 1)
);

CREATE VIEW "Human Resources".directory AS
  SELECT e.id, e."First Name" || ' ' || e."Last Name" AS name, d."Name" AS department
    FROM "Human Resources"."Employees" e JOIN "Human Resources".departments d ON d.id = e.department_id;
