import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { systemActor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { KeyStore, type KeyRotation } from '../credentials/key-store.service.js';
import { ReEncryption } from '../credentials/re-encryption.service.js';
import { openSeedToken } from '../credentials/seed-token.js';
import { CredentialChange } from '../data-sources/credential-change.service.js';
import { Config } from '../platform/config/config.js';
import { UsageError, type KeyCommand } from './key-options.js';
import { ProgressBar } from './progress-bar.js';
import type { Steps } from './steps.js';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What an operator does with keys at a terminal: the services that the API has, with progress. */
export class KeyCommands {
  private readonly keys: KeyStore;
  private readonly bar = new ProgressBar(process.stdout);

  constructor(
    private readonly app: INestApplicationContext,
    private readonly steps: Steps,
  ) {
    this.keys = app.get(KeyStore);
  }

  /** False where something of it failed; what did is printed. */
  async run(command: KeyCommand): Promise<boolean> {
    switch (command.name) {
      case 'status':
        return this.status(command.orgId);
      case 'rewrap':
        return this.rewrap();
      case 'rotate':
        return this.rotate(command.orgId);
      case 'destroy':
        return this.destroy(command.orgId, command.version, command.force);
      case 'import':
        return this.import(command.orgId, command.file);
    }
  }

  private async status(orgId: string): Promise<boolean> {
    const { keys, rotation } = await this.keys.state(orgId);
    if (keys.length === 0) this.steps.line('The organization has no key: it has stored no secret yet.');
    for (const key of keys) {
      const wrapped = key.current_app_secret ? '' : ', wrapped under an older APP_SECRET';
      this.steps.line(
        `key ${String(key.version)}: ${key.state}, ${String(key.secrets)} secrets${key.state === 'destroyed' ? '' : wrapped}`,
      );
    }
    if (rotation)
      this.steps.line(
        `rotation to key ${String(rotation.to_version)}: ${rotation.state}, ${String(rotation.done)} of ${String(rotation.total)} done, ${String(rotation.failed)} failed`,
      );
    return true;
  }

  private async rewrap(): Promise<boolean> {
    const { organizations, keys, failed } = await this.keys.rewrapAll(
      (orgId) => systemActor(orgId, 'keys'),
      (progress) => this.bar.show(progress.done, progress.organizations, 'organizations'),
    );
    this.bar.end();
    for (const [orgId, why] of failed) this.steps.failed(`${orgId}: ${why}`);
    if (failed.size > 0) return false;
    this.steps.done(
      `${String(keys)} keys of ${String(organizations)} organizations are wrapped under the newest APP_SECRET; older ones are needed no more`,
    );
    return true;
  }

  private async rotate(orgId: string): Promise<boolean> {
    // Where the product does not run, this process does the work itself.
    this.app.get(ReEncryption).takeWork();
    await this.keys.rotate(systemActor(orgId, 'keys'));
    let rotation: KeyRotation | null;
    do {
      await pause(200);
      ({ rotation } = await this.keys.state(orgId));
      if (rotation) this.bar.show(rotation.done + rotation.failed, rotation.total, 'secrets');
    } while (rotation?.ended_at === null);
    this.bar.end();
    if (rotation?.state === 'succeeded') {
      this.steps.done(`All secrets are under key ${String(rotation.to_version)}`);
      return true;
    }
    this.steps.failed(
      `${String(rotation?.failed ?? 0)} secrets could not be read and are as they were`,
      'Enter the secrets of those sources again; their tests tell which they are. Then rotate again.',
    );
    return false;
  }

  private async destroy(orgId: string, version: number, force: boolean): Promise<boolean> {
    await this.keys.destroy(systemActor(orgId, 'keys'), version, force);
    this.steps.done(
      `Key ${String(version)} is destroyed; processes that have it in memory forget it within a minute`,
    );
    return true;
  }

  private async import(orgId: string, file: string): Promise<boolean> {
    const { appSecrets } = this.app.get(Config);
    const change = this.app.get(CredentialChange);
    let good = true;
    let number = 0;
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      number += 1;
      if (line.trim() === '') continue;
      try {
        const { dataSource, secrets } = openedLine(line, appSecrets);
        await change.apply(systemActor(orgId, 'keys'), dataSource, secrets);
        this.steps.passed(dataSource);
      } catch (error) {
        if (!(error instanceof AppError || error instanceof UsageError)) throw error;
        good = false;
        const hint = error instanceof AppError ? error.details.hint : undefined;
        this.steps.failed(`line ${String(number)}: ${error.message}`, hint);
      }
    }
    return good;
  }
}

/** A line of an import file with its secrets in clear, in the shape that the API takes: `a.b` is an object in `a`. */
function openedLine(
  line: string,
  appSecrets: readonly string[],
): { readonly dataSource: string; readonly secrets: Readonly<Record<string, unknown>> } {
  const { data_source: dataSource, secrets } = parsedLine(line);
  const shaped: Record<string, unknown> = {};
  for (const [field, token] of Object.entries(secrets)) {
    const value = typeof token === 'string' ? openSeedToken(token, appSecrets) : undefined;
    if (value === undefined) throw new UsageError(`No APP_SECRET opens the token of ${field.slice(0, 100)}.`);
    const path = field.split('.');
    const last = path.pop() ?? field;
    let inner = shaped;
    for (const part of path) inner = (inner[part] ??= {}) as Record<string, unknown>;
    inner[last] = value;
  }
  return { dataSource, secrets: shaped };
}

function parsedLine(line: string): { data_source: string; secrets: Record<string, unknown> } {
  try {
    const { data_source: id, secrets } = JSON.parse(line) as Record<string, unknown>;
    if (typeof id === 'string' && UUID.test(id.toLowerCase()) && typeof secrets === 'object' && secrets)
      return { data_source: id.toLowerCase(), secrets: secrets as Record<string, unknown> };
  } catch {
    // Said below: the parser's own message would show what is in the file.
  }
  throw new UsageError('This is not {"data_source": "<uuid>", "secrets": {"<field>": "<token>"}}.');
}
