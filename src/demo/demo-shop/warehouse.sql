CREATE SCHEMA warehouse;
COMMENT ON SCHEMA warehouse IS 'Stock, suppliers and shipments';

CREATE TYPE warehouse.dimensions AS (width_cm numeric(8, 2), height_cm numeric(8, 2), depth_cm numeric(8, 2));

CREATE TABLE warehouse.sites (
  id smallint PRIMARY KEY,
  name text NOT NULL,
  country_code char(2) NOT NULL REFERENCES shop.countries (code),
  gate_mac macaddr,
  network cidr
);

CREATE TABLE warehouse.bins (
  site_id smallint NOT NULL REFERENCES warehouse.sites (id),
  aisle char(1) NOT NULL,
  shelf smallint NOT NULL,
  size warehouse.dimensions,
  PRIMARY KEY (site_id, aisle, shelf)
);

CREATE TABLE warehouse.stock (
  site_id smallint NOT NULL,
  aisle char(1) NOT NULL,
  shelf smallint NOT NULL,
  product_id uuid NOT NULL REFERENCES shop.products (id),
  quantity integer NOT NULL DEFAULT 0 CHECK (quantity >= 0),
  counted_at timestamptz,
  PRIMARY KEY (site_id, aisle, shelf, product_id),
  FOREIGN KEY (site_id, aisle, shelf) REFERENCES warehouse.bins (site_id, aisle, shelf) ON UPDATE CASCADE
);
CREATE INDEX stock_empty_idx ON warehouse.stock (product_id) WHERE quantity = 0;

CREATE TABLE warehouse.suppliers (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  contact jsonb NOT NULL DEFAULT '{}',
  rating double precision CHECK (rating BETWEEN 0 AND 5),
  tax_number text UNIQUE
);
CREATE INDEX suppliers_contact_idx ON warehouse.suppliers USING gin (contact jsonb_path_ops);

CREATE TABLE warehouse.supplier_products (
  supplier_id integer NOT NULL REFERENCES warehouse.suppliers (id) ON DELETE CASCADE,
  product_id uuid NOT NULL REFERENCES shop.products (id) ON DELETE CASCADE,
  purchase_price money NOT NULL,
  lead_time interval NOT NULL DEFAULT '7 days',
  PRIMARY KEY (supplier_id, product_id)
);

CREATE TABLE warehouse.purchase_orders (
  id bigint GENERATED ALWAYS AS IDENTITY (START WITH 1000) PRIMARY KEY,
  supplier_id integer NOT NULL REFERENCES warehouse.suppliers (id) DEFERRABLE INITIALLY DEFERRED,
  ordered_on date NOT NULL DEFAULT CURRENT_DATE,
  expected_on date,
  CHECK (expected_on IS NULL OR expected_on >= ordered_on)
);

CREATE TABLE warehouse.purchase_lines (
  purchase_order_id bigint NOT NULL REFERENCES warehouse.purchase_orders (id) ON DELETE CASCADE,
  product_id uuid NOT NULL REFERENCES shop.products (id),
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (purchase_order_id, product_id)
);

CREATE TABLE warehouse.carriers (
  code varchar(12) PRIMARY KEY,
  name text NOT NULL,
  tracking_url text
);

CREATE TABLE warehouse.shipments (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  order_id bigint NOT NULL,
  placed_at timestamptz NOT NULL,
  carrier_code varchar(12) REFERENCES warehouse.carriers (code),
  tracking_number text,
  parcels integer[] NOT NULL DEFAULT '{1}',
  left_at timestamptz,
  opening_time time,
  FOREIGN KEY (order_id, placed_at) REFERENCES shop.orders (id, placed_at)
);
CREATE INDEX shipments_tracking_idx ON warehouse.shipments USING hash (tracking_number);

-- Partitioned by list and again by hash: a partition may itself be partitioned.
CREATE TABLE warehouse.movements (
  id bigint GENERATED ALWAYS AS IDENTITY,
  kind text NOT NULL,
  product_id uuid NOT NULL,
  quantity integer NOT NULL,
  moved_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (id, kind, product_id)
) PARTITION BY LIST (kind);
CREATE TABLE warehouse.movements_in PARTITION OF warehouse.movements FOR VALUES IN ('receipt', 'return');
CREATE TABLE warehouse.movements_out PARTITION OF warehouse.movements FOR VALUES IN ('sale', 'loss')
  PARTITION BY HASH (product_id);
CREATE TABLE warehouse.movements_out_0 PARTITION OF warehouse.movements_out FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE warehouse.movements_out_1 PARTITION OF warehouse.movements_out FOR VALUES WITH (MODULUS 2, REMAINDER 1);

CREATE UNLOGGED TABLE warehouse.import_staging (
  line bigint,
  raw xml,
  flags bit varying(8),
  received_at timestamptz DEFAULT clock_timestamp()
);
