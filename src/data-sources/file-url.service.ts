import { Injectable } from '@nestjs/common';
import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { AuditService } from '../audit/audit.service.js';
import { systemActor, type Actor } from '../common/actor.js';
import { AppError } from '../common/app-error.js';
import { Config } from '../platform/config/config.js';
import { PublicUrl } from '../platform/config/public-url.js';
import { Database } from '../platform/database/database.service.js';
import type { FileUrlView } from './dto/views.dto.js';
import { SessionsService } from './sessions.service.js';

interface Grant {
  readonly orgId: string;
  readonly dataSourceId: string;
  /** Seconds since 1970 at which the grant ends. */
  readonly expires: number;
}

export interface OpenFile {
  readonly handle: FileHandle;
  readonly size: number;
  readonly name: string;
}

/** URLs that let a client read the file of a source for a few minutes, without a token of its own. */
@Injectable()
export class FileUrls {
  private readonly key: Buffer;

  constructor(
    config: Config,
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly sessions: SessionsService,
    private readonly publicUrl: PublicUrl,
  ) {
    this.key = Buffer.from(hkdfSync('sha256', config.appSecrets[0] ?? '', '', 'datawave file-url v1', 32));
  }

  /**
   * A URL that reads the file of the source, audited; at PUBLIC_URL for a file that this API serves itself.
   *
   * @throws AppError CONFLICT where the source has no file.
   */
  async create(actor: Actor, id: string, expiresInS: number): Promise<FileUrlView> {
    const location = await this.locate({ orgId: actor.orgId, dataSourceId: id }, expiresInS);
    const expires = Math.floor(Date.now() / 1_000) + expiresInS;
    await this.database.inOrg(actor.orgId, (tx) =>
      this.audit.record(tx, actor, {
        action: 'data_source.file_url',
        targetType: 'data_source',
        targetId: id,
        result: 'success',
        details: { expires_in: expiresInS },
      }),
    );
    const url =
      location.kind === 'url'
        ? location.url
        : `${this.publicUrl.base}/api/v1/files/${this.sign({ orgId: actor.orgId, dataSourceId: id, expires })}`;
    return { url, expires_at: new Date(expires * 1_000).toISOString() };
  }

  /**
   * Opens the file that a signed token grants.
   *
   * @throws AppError NOT_FOUND for a token that is not ours, was changed or is over.
   */
  async open(token: string): Promise<OpenFile> {
    const grant = this.verify(token);
    const location = await this.locate(grant, 1);
    if (location.kind !== 'local') throw AppError.notFound('file');
    const handle = await location.open();
    try {
      const { size } = await handle.stat();
      await this.database.inOrg(grant.orgId, (tx) =>
        this.audit.record(tx, systemActor(grant.orgId, 'file-url'), {
          action: 'data_source.file_read',
          targetType: 'data_source',
          targetId: grant.dataSourceId,
          result: 'success',
        }),
      );
      return { handle, size, name: location.name };
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private async locate({ orgId, dataSourceId }: Omit<Grant, 'expires'>, expiresInS: number) {
    try {
      return await this.sessions.withSession({ orgId, dataSourceId }, ['presign'], (session, signal) =>
        session.presign.presign(expiresInS, signal),
      );
    } catch (error) {
      // Not a file at all, or a store that can give no URL of it: the error says which.
      if (error instanceof AppError && error.code === 'UNSUPPORTED')
        throw new AppError('CONFLICT', error.message, error.details);
      throw error;
    }
  }

  private sign({ orgId, dataSourceId, expires }: Grant): string {
    const payload = Buffer.from(JSON.stringify([orgId, dataSourceId, expires])).toString('base64url');
    return `${payload}.${this.mac(payload)}`;
  }

  private verify(token: string): Grant {
    const [payload = '', mac = ''] = token.split('.');
    const expected = Buffer.from(this.mac(payload));
    const given = Buffer.from(mac);
    if (given.length !== expected.length || !timingSafeEqual(given, expected))
      throw AppError.notFound('file');
    const [orgId, dataSourceId, expires] = JSON.parse(Buffer.from(payload, 'base64url').toString()) as [
      string,
      string,
      number,
    ];
    if (expires * 1_000 <= Date.now()) throw AppError.notFound('file');
    return { orgId, dataSourceId, expires };
  }

  private mac(payload: string): string {
    return createHmac('sha256', this.key).update(payload).digest('base64url');
  }
}
