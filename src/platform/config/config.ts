import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { developmentSecrets } from './development-secrets.js';
import { publicBase } from './public-base.js';

/** Everything the process learns from its environment, read once. See README for the names and defaults. */
export class Config {
  readonly env!: 'development' | 'test' | 'production';
  readonly role!: 'all' | 'api' | 'worker';
  readonly host!: string;
  readonly port!: number;
  readonly metricsPort!: number;
  /** Origin and path at which clients reach the API, no slash at the end. Absent: the address that it listens on. */
  readonly publicUrl!: string | undefined;
  readonly dataDir!: string;
  /** Absent: the embedded PostgreSQL under `dataDir` is started. */
  readonly databaseUrl!: string | undefined;
  /** The database is the embedded one; it was not named by the environment. */
  readonly embedded!: boolean;
  /** Absent: jobs go through PostgreSQL. */
  readonly redisUrl!: string | undefined;
  /** Newest first; the first encrypts, all decrypt. */
  readonly appSecrets!: readonly string[];
  readonly jwt!: JwtConfig;
  readonly filesRoot!: string;
  /** CIDRs and host names that sources may have beside public addresses. */
  readonly egressAllow!: readonly string[];
  /** Connections that a user may have tested in a minute. */
  readonly probesPerMinute!: number;
  /** npm packages whose connectors are loaded beside the product's own. */
  readonly plugins!: readonly string[];
  /** The folder whose `node_modules` has them. */
  readonly pluginsDir!: string;
  /** Sessions to sources that may be open at once. */
  readonly sessions!: { readonly process: number; readonly organization: number };
  readonly migrateOnStart!: boolean;
  /** Serve Swagger UI and the OpenAPI document to everyone who reaches the port. */
  readonly docs!: boolean;
  readonly log!: { readonly level: string; readonly format: 'json' | 'pretty' };

  constructor(values: { readonly [K in keyof Config]: Config[K] }) {
    Object.assign(this, values);
  }
}

export interface JwtConfig {
  /** HS256 with a shared secret, or asymmetric keys from a JWKS; never both. */
  readonly key: { readonly secret: string } | { readonly jwksUrl: string };
  readonly issuer: string;
  readonly audience: string;
  readonly orgClaim: string;
  readonly rolesClaim: string;
}

/** All faults of the environment at once; each names the variable and the mend, never a secret's value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';

  constructor(readonly faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
  }
}

/** Addresses that development may dial beside public ones: loopback and private ranges. */
const DEVELOPMENT_EGRESS = '127.0.0.0/8,::1/128,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7';
/** The product's own folder: this file is in src/platform/config or in dist/platform/config. */
const INSTALL_FOLDER = join(import.meta.dirname, '../../..');
const PACKAGE_NAME = /^(@[a-z0-9][a-z0-9._-]*\/)?[a-z0-9][a-z0-9._-]{0,213}$/;
const MIN_SECRET_BYTES = 32;
const WEAK_SECRET = /^(.)\1*$|change.?me|secret.?key|password|example|your.?secret/i;

/**
 * Reads and checks the environment. `NAME_FILE` names a file that holds the value of `NAME`.
 *
 * @throws ConfigError with every fault.
 */
export function loadConfig(source: Readonly<Record<string, string | undefined>> = process.env): Config {
  const faults: string[] = [];
  const read = (name: string): string | undefined => {
    const file = source[`${name}_FILE`];
    const value = source[name];
    if (file === undefined || file === '') return value === '' ? undefined : value;
    if (value) faults.push(`${name} and ${name}_FILE are both set: keep one.`);
    try {
      return readFileSync(file, 'utf8').trim();
    } catch {
      faults.push(`${name}_FILE names a file that cannot be read.`);
      return undefined;
    }
  };
  const oneOf = <T extends string>(name: string, allowed: readonly T[], fallback: T): T => {
    const value = read(name) ?? fallback;
    if ((allowed as readonly string[]).includes(value)) return value as T;
    faults.push(`${name} must be one of ${allowed.join(', ')}.`);
    return fallback;
  };
  const port = (name: string, fallback: number): number => {
    const value = read(name) ?? String(fallback);
    if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
    faults.push(`${name} must be a port number from 0 to 65535 (0 picks a free one).`);
    return fallback;
  };
  const count = (name: string, fallback: number): number => {
    const value = read(name) ?? String(fallback);
    if (/^[1-9]\d{0,6}$/.test(value)) return Number(value);
    faults.push(`${name} must be a whole number from 1 to 9999999.`);
    return fallback;
  };
  const url = (name: string, protocols: readonly string[]): string | undefined => {
    const value = read(name);
    if (value === undefined) return undefined;
    if (!URL.canParse(value) || !protocols.includes(new URL(value).protocol))
      faults.push(`${name} must be a URL that starts with ${protocols.map((p) => `${p}//`).join(' or ')}.`);
    return value;
  };
  const publicUrl = (name: string): string | undefined => {
    const value = read(name);
    if (value === undefined) return undefined;
    const base = publicBase(value);
    if (base === undefined)
      faults.push(
        `${name} must be an http:// or https:// origin and at most a path, such as https://data.example.com/sources.`,
      );
    return base;
  };
  const strong = (name: string, value: string): void => {
    if (Buffer.byteLength(value) < MIN_SECRET_BYTES)
      faults.push(`${name} must have at least ${String(MIN_SECRET_BYTES)} bytes: openssl rand -base64 48`);
    else if (WEAK_SECRET.test(value))
      faults.push(`${name} is a sample value or a plain word: openssl rand -base64 48`);
  };

  const env = oneOf('NODE_ENV', ['development', 'test', 'production'], 'development');
  const dataDir = resolve(read('DATA_DIR') ?? './.data');
  const databaseUrl = url('DATABASE_URL', ['postgres:', 'postgresql:']);
  const jwksUrl = url('JWT_JWKS_URL', ['https:', 'http:']);
  let appSecret = read('APP_SECRET');
  let jwtSecret = read('JWT_SECRET');

  if (env === 'production') {
    if (!databaseUrl) faults.push('DATABASE_URL is mandatory with NODE_ENV=production.');
    if (!appSecret) faults.push('APP_SECRET is mandatory with NODE_ENV=production: openssl rand -base64 48');
    if (!jwtSecret && !jwksUrl)
      faults.push(
        'JWT_SECRET, or JWT_JWKS_URL with JWT_ISSUER and JWT_AUDIENCE, is mandatory with NODE_ENV=production.',
      );
    if (jwksUrl?.startsWith('http:')) faults.push('JWT_JWKS_URL must be https with NODE_ENV=production.');
  } else if (!appSecret || (!jwtSecret && !jwksUrl)) {
    const made = developmentSecrets(dataDir);
    appSecret ??= made.appSecret;
    if (!jwksUrl) jwtSecret ??= made.jwtSecret;
  }
  const appSecrets = (appSecret ?? '').split(',').map((part) => part.trim());
  if (appSecret) appSecrets.forEach((part) => strong('APP_SECRET', part));
  if (jwtSecret) strong('JWT_SECRET', jwtSecret);
  if (jwtSecret && jwksUrl) faults.push('JWT_SECRET and JWT_JWKS_URL are both set: keep one.');
  const issuer = read('JWT_ISSUER');
  const audience = read('JWT_AUDIENCE');
  if (jwksUrl && (!issuer || !audience)) faults.push('JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE.');

  const sessionsMax = count('SESSIONS_MAX', 2_000);
  const sessions = {
    process: sessionsMax,
    organization: count('SESSIONS_MAX_PER_ORG', Math.min(1_000, sessionsMax)),
  };
  if (sessions.organization > sessions.process)
    faults.push('SESSIONS_MAX_PER_ORG must not be more than SESSIONS_MAX.');

  const role = oneOf('ROLE', ['all', 'api', 'worker'], 'all');
  const ports = { port: port('PORT', 3000), metricsPort: port('METRICS_PORT', 9464) };
  if (role !== 'worker' && ports.port !== 0 && ports.port === ports.metricsPort)
    faults.push('PORT and METRICS_PORT must differ.');

  const plugins = listOf(read('PLUGINS'));
  for (const name of plugins)
    if (!PACKAGE_NAME.test(name))
      faults.push('PLUGINS must be names of npm packages, comma separated: no versions, paths or URLs.');
  if (new Set(plugins).size !== plugins.length) faults.push('PLUGINS names a package twice.');

  const config = new Config({
    env,
    role,
    host: read('HOST') ?? '127.0.0.1',
    ...ports,
    publicUrl: publicUrl('PUBLIC_URL'),
    dataDir,
    databaseUrl,
    embedded: databaseUrl === undefined,
    redisUrl: url('REDIS_URL', ['redis:', 'rediss:']),
    appSecrets,
    jwt: {
      key: jwksUrl ? { jwksUrl } : { secret: jwtSecret ?? '' },
      issuer: issuer ?? 'datawave',
      audience: audience ?? 'datawave-data-sources',
      orgClaim: read('JWT_ORG_CLAIM') ?? 'org_id',
      rolesClaim: read('JWT_ROLES_CLAIM') ?? 'roles',
    },
    filesRoot: resolve(read('FILES_ROOT') ?? `${dataDir}/files`),
    egressAllow: listOf(read('EGRESS_ALLOW') ?? (env === 'production' ? '' : DEVELOPMENT_EGRESS)),
    sessions,
    probesPerMinute: count('PROBES_PER_MINUTE', 60),
    plugins,
    pluginsDir: resolve(read('PLUGINS_DIR') ?? INSTALL_FOLDER),
    migrateOnStart: oneOf('MIGRATE_ON_START', ['true', 'false'], 'true') === 'true',
    docs: oneOf('DOCS', ['on', 'off'], env === 'production' ? 'off' : 'on') === 'on',
    log: {
      level: oneOf('LOG_LEVEL', ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'info'),
      format: oneOf('LOG_FORMAT', ['json', 'pretty'], process.stdout.isTTY ? 'pretty' : 'json'),
    },
  });
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function listOf(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
