-- Made by formulas, so that two installations are alike.

INSERT INTO shop.countries VALUES
  ('DE', 'Germany', 'EUR'), ('FR', 'France', 'EUR'), ('JP', 'Japan', 'JPY'), ('US', 'United States', 'USD'), ('BR', 'Brazil', 'BRL');
INSERT INTO shop.customers (email, full_name, country_code, tags, preferences, last_ip, date_of_birth, is_active, created_at)
  SELECT format('customer%s@example.com', n), format('Customer No. %s', n), (ARRAY['DE', 'FR', 'JP', 'US', 'BR'])[1 + n % 5],
         CASE WHEN n % 10 = 0 THEN ARRAY['vip'] ELSE '{}' END, jsonb_build_object('newsletter', n % 3 = 0),
         ('192.0.2.' || n % 250)::inet, date '1950-01-01' + n * 17 % 18000, n % 7 <> 0, timestamptz '2024-01-01' + n * interval '3 hours'
    FROM generate_series(1, 1000) n;
INSERT INTO shop.addresses
  SELECT id, 'delivery', format('%s Main Street', id), 'Springfield', lpad(id::text, 5, '0'), country_code, point(id % 180, id % 90)
    FROM shop.customers;
INSERT INTO shop.categories (id, parent_id, slug, title) VALUES
  (1, NULL, 'clothing', 'Clothing'), (2, 1, 'shirts', 'Shirts'), (3, 1, 'shoes', 'Shoes'), (4, NULL, 'garden', 'Garden');
INSERT INTO shop.brands (name, website) VALUES ('Nordlicht', 'https://nordlicht.example'), ('Kawa', NULL), ('Verde', NULL);
INSERT INTO shop.products (id, sku, name, brand_id, category_id, net_price, attributes, weight_g)
  SELECT md5('product' || n)::uuid, 'SKU-' || lpad(n::text, 5, '0'), 'Product ' || n, 1 + n % 3, 2 + n % 3, 5 + n % 200,
         jsonb_build_object('colour', (ARRAY['red', 'green', 'blue'])[1 + n % 3]), 100 + n
    FROM generate_series(1, 200) n;
INSERT INTO shop.product_translations SELECT id, language, name, NULL FROM shop.products, unnest(ARRAY['de', 'en', 'ja']) language;
INSERT INTO shop.orders (id, placed_at, customer_id, status, total)
  SELECT n, timestamptz '2024-07-01' + n * interval '1 hour', 1 + n % 1000,
         (ARRAY['placed', 'paid', 'shipped', 'delivered', 'cancelled']::shop.order_status[])[1 + n % 5], 10 + n % 500
    FROM generate_series(1, 5000) n;
INSERT INTO shop.order_lines (order_id, placed_at, line_no, product_id, quantity, unit_price)
  SELECT o.id, o.placed_at, line, md5('product' || 1 + (o.id + line) % 200)::uuid, 1 + line, 9.90
    FROM shop.orders o, generate_series(1, 2) line;
INSERT INTO shop.payments (order_id, placed_at, method, amount, reference, settled_at, took)
  SELECT id, placed_at, 'card', total, decode(md5(id::text), 'hex'), placed_at + interval '2 minutes', '2 minutes'
    FROM shop.orders WHERE status <> 'cancelled';
INSERT INTO shop.reviews (product_id, customer_id, stars, body)
  SELECT md5('product' || 1 + n % 200)::uuid, n, 1 + n % 5, 'As described.' FROM generate_series(1, 500) n;
INSERT INTO shop.coupons VALUES ('WELCOME10', 10, '[2024-01-01,2026-01-01)');
INSERT INTO shop."Größen & Maße" VALUES ('S', '[86,94)', 'S', true), ('M', '[94,102)', 'M', false), ('L', '[102,110)', 'L', false);
INSERT INTO warehouse.sites VALUES (1, 'Hamburg', 'DE', '08:00:2b:01:02:03', '10.1.0.0/16'), (2, 'Osaka', 'JP', NULL, '10.2.0.0/16');
INSERT INTO warehouse.bins SELECT site, chr(65 + aisle), shelf, ROW (80, 40, 60)::warehouse.dimensions
  FROM generate_series(1, 2) site, generate_series(0, 4) aisle, generate_series(1, 10) shelf;
INSERT INTO warehouse.stock
  SELECT b.site_id, b.aisle, b.shelf, md5('product' || 1 + (b.shelf * 13 + b.site_id) % 200)::uuid, b.shelf * 5 % 40, now()
    FROM warehouse.bins b;
INSERT INTO warehouse.suppliers (name, contact, rating, tax_number)
  SELECT 'Supplier ' || n, jsonb_build_object('phone', '+49 40 55500' || n), n % 6, 'DE' || 100000 + n FROM generate_series(1, 20) n;
INSERT INTO warehouse.supplier_products SELECT 1 + n % 20, md5('product' || n)::uuid, (n % 90)::money FROM generate_series(1, 200) n;
INSERT INTO warehouse.purchase_orders (supplier_id, ordered_on) SELECT 1 + n % 20, date '2024-06-01' + n FROM generate_series(1, 100) n;
INSERT INTO warehouse.purchase_lines
  SELECT id, md5('product' || 1 + id % 200)::uuid, 10 FROM warehouse.purchase_orders;
INSERT INTO warehouse.carriers VALUES ('DHL', 'DHL', 'https://tracking.example/dhl'), ('YAMATO', 'Yamato', NULL);
INSERT INTO warehouse.shipments (order_id, placed_at, carrier_code, tracking_number, left_at)
  SELECT id, placed_at, 'DHL', md5('parcel' || id), placed_at + interval '1 day' FROM shop.orders WHERE status IN ('shipped', 'delivered');
INSERT INTO warehouse.movements (kind, product_id, quantity)
  SELECT (ARRAY['receipt', 'return', 'sale', 'loss'])[1 + n % 4], md5('product' || 1 + n % 200)::uuid, 1 + n % 9 FROM generate_series(1, 2000) n;
INSERT INTO "Human Resources".departments ("Name") VALUES ('Sales'), ('Logistics'), ('Entwicklung');
INSERT INTO "Human Resources"."Employees" (department_id, "First Name", "Last Name", work_email, salary, skills, hired_on)
  SELECT 1 + n % 3, 'Given' || n, 'Family' || n, format('employee%s@example.com', n), 2500 + n * 10, ARRAY['sql'], date '2020-01-01' + n * 9
    FROM generate_series(1, 60) n;
INSERT INTO "Human Resources".absences SELECT n, daterange(date '2025-01-01' + n, date '2025-01-08' + n), 'training' FROM generate_series(1, 30) n;
REFRESH MATERIALIZED VIEW shop.monthly_sales;
ANALYZE;
