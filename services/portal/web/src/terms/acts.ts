import type { Text } from '../api/types';

const text = (zh: string, en: string): Text => ({ zh, en });

/** What operations are called, by service and operation id. */
export const ACTS: Record<string, Record<string, Text>> = {
  declaration: {
    SubmitProject: text('签名并提交申报', 'Sign and submit'),
    ReviewAsSupervisor: text('主管部门审核', 'Review as supervising unit'),
    AcceptProject: text('受理', 'Accept'),
    ReturnProject: text('退回补正', 'Return'),
    RefuseProject: text('不予受理', 'Refuse'),
    WithdrawProject: text('撤回申报', 'Withdraw'),
    NameResponsible: text('明确责任领导和联系人', 'Name leader and contact'),
    SupplementProject: text('提交补充论证', 'Bring a supplementary argument'),
    RequestChange: text('申请项目变更', 'Request a change'),
    RecordHandover: text('登记政府投资项目审批结果', 'Record the government-investment outcome'),
  },
};

/**
 * At which stages an act of the declaration service makes sense to offer. The
 * service itself decides; this only keeps the menu short.
 */
export const OFFERED: Record<string, string[]> = {
  WithdrawProject: ['draft', 'with_supervisor', 'submitted', 'returned', 'accepted', 'evaluation', 'expert_review', 'conference', 'deferred', 'backup_pool'],
  NameResponsible: ['submitted', 'accepted', 'evaluation', 'expert_review', 'conference', 'approved', 'filed', 'budgeting', 'procuring', 'contracted', 'delivering'],
  RequestChange: ['approved', 'filed', 'budgeting', 'procuring', 'contracted', 'delivering', 'acceptance'],
};
