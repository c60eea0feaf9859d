import { Controller, Get, Param, Res, StreamableFile } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems } from '../common/problem.js';
import type { Reply } from '../platform/http/reply.js';
import { Public } from '../rbac/access.decorator.js';
import { FileUrls } from './file-url.service.js';

/** Serves files of the local store to whoever has a signed URL. */
@ApiTags('files')
@Controller('files')
export class FilesController {
  constructor(private readonly files: FileUrls) {}

  @Get(':token')
  @Public()
  @ApiOperation({ operationId: 'download_file', summary: 'Download by a signed URL', security: [] })
  @ApiParam({
    name: 'token',
    description: 'From get_data_source_file_url.',
    schema: { type: 'string', maxLength: 1_000 },
  })
  @ApiProduces('application/octet-stream')
  @ApiResponse({
    status: 200,
    description: 'The file.',
    schema: { type: 'string', format: 'binary' },
    headers: {
      'Content-Disposition': { description: 'The name to save it under.', schema: { type: 'string' } },
    },
  })
  @ApiProblems(404, 422, 503)
  async download(
    @Param('token') token: string,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<StreamableFile> {
    const { handle, size, name } = await this.files.open(token);
    reply.header('cache-control', 'no-store');
    return new StreamableFile(handle.createReadStream(), {
      type: 'application/octet-stream',
      disposition: `attachment; filename*=UTF-8\'\'${encodeURIComponent(name)}`,
      length: size,
    });
  }
}
