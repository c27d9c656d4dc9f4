import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { AuditEntity } from './audit.entity.js';
import { Clock } from './clock.js';

@Injectable()
export class AuditService {
  constructor(
    @InjectRepository(AuditEntity) private readonly entries: Repository<AuditEntity>,
    private readonly clock: Clock,
  ) {}

  async record(byUser: string, action: string, subject: string, detail: string): Promise<void> {
    await this.entries.insert({ atMs: this.clock.now(), byUser, action, subject, detail });
  }

  newest(limit: number): Promise<AuditEntity[]> {
    return this.entries.find({ order: { id: 'DESC' }, take: limit });
  }
}
