import { existsSync } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const ROWS = 500;
const PRODUCTS = ['Shirt "Nordlicht"', 'Shoes, size 42', 'Garden chair', 'Teapot 急須', 'Größentabelle'];
const COUNTRIES = ['DE', 'FR', 'JP', 'US', 'BR'];

/** Name of the sample file below the organization's folder. */
export const DEMO_CSV = 'orders.csv';

/** Writes the sample orders into the organization's folder where they are missing; the file appears whole. */
export async function createDemoFiles(filesRoot: string, orgId: string): Promise<void> {
  const folder = join(filesRoot, orgId);
  const file = join(folder, DEMO_CSV);
  if (existsSync(file)) return;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await writeFile(`${file}.part`, demoOrders(), { mode: 0o600 });
  await rename(`${file}.part`, file);
}

/** The text of the file: quoted fields, empty fields, dates, decimals and other scripts. The same on every call. */
export function demoOrders(): string {
  const header = 'order_id,placed_at,customer_email,country,product,quantity,unit_price,currency,paid,note';
  const rows = Array.from({ length: ROWS }, (_, n) => {
    const placed = new Date(Date.UTC(2024, 6, 1) + n * 3_600_000 * 5).toISOString();
    const price = (5 + (n % 200) * 1.1).toFixed(2);
    const note = n % 20 === 0 ? 'Please ring,\nthen wait' : '';
    const fields = [
      100_000 + n,
      placed,
      `customer${String(1 + (n % 97))}@example.com`,
      COUNTRIES[n % COUNTRIES.length],
      PRODUCTS[n % PRODUCTS.length],
      1 + (n % 4),
      price,
      n % 3 === 2 ? 'JPY' : 'EUR',
      n % 7 !== 0,
      note,
    ];
    return fields.map((field) => quoted(String(field))).join(',');
  });
  return `${[header, ...rows].join('\r\n')}\r\n`;
}

function quoted(field: string): string {
  return /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
