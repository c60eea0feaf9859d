import { Injectable } from '@nestjs/common';

type Read = (orgId: string) => Promise<object>;

/** Figures that modules have about one organization, collected for GET /metrics without anyone knowing all modules. */
@Injectable()
export class OrganizationFigures {
  private readonly sections = new Map<string, Read>();

  /** Adds a section of the answer; a name is added once. */
  add(section: string, read: Read): void {
    this.sections.set(section, read);
  }

  /** All sections by name. */
  async collect(orgId: string): Promise<Record<string, object>> {
    const found = await Promise.all(
      [...this.sections].map(async ([section, read]) => [section, await read(orgId)] as const),
    );
    return Object.fromEntries(found);
  }
}
