/** What kind of server answers, whatever the type of the source says. */
export interface Flavor {
  readonly product: string;
  readonly version: string;
  /** `database`: the whole catalog; the two of Synapse lack parts of it. */
  readonly kind: 'database' | 'dedicated' | 'serverless';
  /** Major version of the engine; 12 for all services of Azure. */
  readonly major: number;
}

/** By SERVERPROPERTY('EngineEdition'). */
const PRODUCTS: Readonly<Record<string, readonly [product: string, kind: Flavor['kind']]>> = {
  '5': ['Azure SQL Database', 'database'],
  '6': ['Azure Synapse Analytics', 'dedicated'],
  '8': ['Azure SQL Managed Instance', 'database'],
  '9': ['Azure SQL Edge', 'database'],
  '11': ['Azure Synapse serverless SQL', 'serverless'],
  '12': ['SQL database in Fabric', 'database'],
};

export const SERVER = `SELECT CONVERT(nvarchar(128), SERVERPROPERTY('ProductVersion')), CONVERT(nvarchar(10), SERVERPROPERTY('EngineEdition'))`;

/** @param version such as `16.0.4135.4`. @param edition such as `3`. */
export function flavorOf(version: string, edition: string): Flavor {
  const [product, kind] = PRODUCTS[edition] ?? (['SQL Server', 'database'] as const);
  return { product, kind, version, major: Number.parseInt(version, 10) || 0 };
}
