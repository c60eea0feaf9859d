import { Injectable, type OnModuleInit } from '@nestjs/common';
import { PATH_METADATA } from '@nestjs/common/constants.js';
import { DiscoveryService, MetadataScanner } from '@nestjs/core';
import { AppError } from '../common/app-error.js';
import { ruleOf } from './access-rule.js';

/** Ends the start where a route declares neither a permission nor that it is public. */
@Injectable()
export class RouteScan implements OnModuleInit {
  constructor(
    private readonly discovery: DiscoveryService,
    private readonly scanner: MetadataScanner,
  ) {}

  onModuleInit(): void {
    const open = this.discovery
      .getControllers()
      .flatMap(({ metatype }) => (metatype ? this.undeclared(metatype) : []));
    if (open.length > 0)
      throw new AppError(
        'INTERNAL',
        `Routes without @RequirePermission or @Public: ${[...new Set(open)].sort().join(', ')}. Declare one on each.`,
      );
  }

  private undeclared(controller: { readonly name: string; readonly prototype?: unknown }): string[] {
    const prototype = controller.prototype as Record<string, object>;
    return this.scanner.getAllMethodNames(prototype).flatMap((name) => {
      const handler = prototype[name];
      const isRoute = handler !== undefined && Reflect.hasMetadata(PATH_METADATA, handler);
      return isRoute && !ruleOf(handler) ? [`${controller.name}.${name}`] : [];
    });
  }
}
