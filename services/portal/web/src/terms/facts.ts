import type { Text } from '../api/types';

const text = (zh: string, en: string): Text => ({ zh, en });

// The facts that services state, by message name without the "egov." prefix.
const FACTS: Record<string, Text> = {
  'declaration.v1.ProjectDrafted': text('开始编制申报', 'Declaration begun'),
  'declaration.v1.ProjectSentToSupervisor': text('提交主管部门审核', 'Laid before the supervising unit'),
  'declaration.v1.SupervisorApproved': text('主管部门审核同意', 'Supervising unit approved'),
  'declaration.v1.SupervisorReturned': text('主管部门退回', 'Returned by the supervising unit'),
  'declaration.v1.ProjectSubmitted': text('提交联席会议办公室', 'Submitted to the conference office'),
  'declaration.v1.ProjectReturned': text('退回补正', 'Returned for completion'),
  'declaration.v1.ProjectAccepted': text('受理申报', 'Declaration accepted'),
  'declaration.v1.ProjectRefused': text('不予受理', 'Refused at the door'),
  'declaration.v1.ProjectWithdrawn': text('申报单位撤回', 'Withdrawn by the declaring unit'),
  'declaration.v1.ProjectEnteredBackupPool': text('列入项目后备库', 'Entered the backup pool'),
  'declaration.v1.ProjectSupplemented': text('提交补充论证', 'Supplementary argument brought'),
  'declaration.v1.HandoverRecorded': text('登记政府投资程序结果', 'Government-investment outcome recorded'),
  'declaration.v1.LockoutStarted': text('暂停申报', 'Locked out'),
  'declaration.v1.LockoutEnded': text('恢复申报', 'Lockout ended'),
  'declaration.v1.ResponsibleNamed': text('明确责任领导和联系人', 'Responsible leader and contact named'),
  'declaration.v1.ChangeRequested': text('申请项目变更', 'Change requested'),
  'declaration.v1.ProjectClosed': text('项目办结', 'Project closed'),
  'declaration.v1.PlanEntered': text('纳入年度实施计划', 'Entered the implementation plan'),
  'deadline.v1.DeadlineSet': text('时限开始计算', 'Clock started'),
  'deadline.v1.DeadlineWarned': text('时限临近提醒', 'Due day near'),
  'deadline.v1.DeadlineMet': text('时限内完成', 'Done in time'),
  'deadline.v1.DeadlineMissed': text('时限已过', 'Due day passed'),
  'deadline.v1.DeadlineFulfilledLate': text('逾期完成', 'Done late'),
  'deadline.v1.DeadlineMoved': text('时限调整', 'Due day moved'),
  'deadline.v1.DeadlineConfirmed': text('时限确定', 'Due day confirmed'),
  'deadline.v1.DeadlinePaused': text('时限中止', 'Clock paused'),
  'deadline.v1.DeadlineResumed': text('时限恢复计算', 'Clock resumed'),
  'deadline.v1.DeadlineWaived': text('时限免除', 'Clock waived'),
  'calendar.v1.HolidaysPublished': text('发布节假日安排', 'Holidays published'),
  'ledger.v1.CheckpointSigned': text('账本签署检查点', 'Ledger checkpoint signed'),
  'ledger.v1.CheckpointCosigned': text('见证单位联署检查点', 'Checkpoint cosigned by a witness'),
  'ledger.v1.CheckpointRefused': text('见证单位拒绝联署', 'Checkpoint refused by a witness'),
  'expertreview.v1.EvaluationAssigned': text('委托论证评估机构', 'Evaluation assigned'),
  'expertreview.v1.OpinionSubmitted': text('提交论证意见', 'Opinion submitted'),
  'expertreview.v1.EvaluationPassed': text('第三方论证评估通过', 'Third-party evaluation passed'),
  'expertreview.v1.EvaluationFailed': text('第三方论证评估未通过', 'Third-party evaluation failed'),
  'expertreview.v1.ExpertsDrawn': text('随机抽取专家', 'Experts drawn'),
  'expertreview.v1.ExpertReviewPassed': text('专家论证通过', 'Expert review passed'),
  'expertreview.v1.ExpertReviewFailed': text('专家论证未通过', 'Expert review failed'),
  'conference.v1.SessionCalled': text('召集会议', 'Session called'),
  'conference.v1.ItemProposed': text('提出议题', 'Agenda item proposed'),
  'conference.v1.AgendaApproved': text('批准议程', 'Agenda approved'),
  'conference.v1.AttendanceRecorded': text('登记到会情况', 'Attendance recorded'),
  'conference.v1.OpinionGiven': text('成员单位发表意见', 'Member unit’s opinion'),
  'conference.v1.DecisionTaken': text('联席会议作出决定', 'Decision taken'),
  'conference.v1.FollowUpSet': text('落实后续事项', 'Follow-up set'),
  'conference.v1.MinutesSigned': text('签发会议纪要', 'Minutes signed'),
  'conference.v1.ReconsiderationOpened': text('启动复议', 'Reconsideration opened'),
  'conference.v1.ChangeConsented': text('同意项目变更', 'Change consented'),
  'conference.v1.ChangeRefused': text('不同意项目变更', 'Change refused'),
  'conference.v1.WaiverGranted': text('一事一议', 'Waiver granted'),
  'conference.v1.WaiverRefused': text('一事一议未获同意', 'Waiver refused'),
  'conference.v1.ProjectContinued': text('项目继续实施', 'Project continued'),
  'conference.v1.LeaveAsked': text('成员单位请假', 'Leave asked'),
  'conference.v1.SessionOpened': text('会议开始', 'Session opened'),
  'conference.v1.SessionClosed': text('会议办结', 'Session closed'),
  'conference.v1.SessionCancelled': text('取消会议', 'Session cancelled'),
  'conference.v1.ItemCarriedOver': text('议题移至下次会议', 'Item carried over'),
  'conference.v1.DecisionCopied': text('抄送决定', 'Decision copied'),
  'conference.v1.FollowUpReported': text('报告落实情况', 'Follow-up reported'),
  'conference.v1.SeatSucceeded': text('成员席位更替', 'Seat succeeded'),
  'conference.v1.DecisionCoordinated': text('召集人协调特殊情况', 'Special case settled'),
  'budgeting.v1.BudgetRequested': text('申报预算', 'Budget requested'),
  'budgeting.v1.BudgetReturned': text('退回预算申报', 'Budget request returned'),
  'budgeting.v1.BudgetIssued': text('下达预算', 'Budget issued'),
  'budgeting.v1.PaymentRecorded': text('登记支付', 'Payment recorded'),
  'budgeting.v1.PerformanceSelfEvaluated': text('绩效自评', 'Performance self-evaluation'),
  'budgeting.v1.HoldPlaced': text('暂缓资金', 'Hold placed'),
  'budgeting.v1.HoldReleased': text('解除暂缓', 'Hold released'),
  'budgeting.v1.BudgetAdjusted': text('调整预算', 'Budget adjusted'),
  'budgeting.v1.PerformanceRectified': text('绩效整改', 'Performance rectified'),
  'procurement.v1.ProcurementOpened': text('可启动采购', 'Procurement may start'),
  'procurement.v1.ProcurementStarted': text('启动政府采购', 'Procurement started'),
  'procurement.v1.DeferralFiled': text('暂缓实施备案', 'Deferral filed'),
  'procurement.v1.TenderPublished': text('发布招标公告', 'Tender published'),
  'procurement.v1.AwardMade': text('确定中标（成交）', 'Award made'),
  'procurement.v1.ContractSigned': text('签订合同', 'Contract signed'),
  'procurement.v1.ContractFiled': text('合同备案', 'Contract filed'),
  'procurement.v1.SupervisionEngaged': text('委托监理', 'Supervision engaged'),
  'procurement.v1.QuarterReported': text('填报执行情况', 'Quarter reported'),
  'procurement.v1.RectificationOrdered': text('要求整改', 'Rectification ordered'),
  'procurement.v1.RectificationClosed': text('整改完成', 'Rectification closed'),
  'procurement.v1.AcceptancePassed': text('竣工验收通过', 'Acceptance passed'),
  'procurement.v1.AcceptanceFailed': text('竣工验收未通过', 'Acceptance failed'),
  'procurement.v1.AcceptanceFiled': text('验收结果备案', 'Acceptance result filed'),
  'procurement.v1.AssetsRegistered': text('登记资产', 'Assets registered'),
  'procurement.v1.ContractAmended': text('补充协议备案', 'Contract amended'),
  'procurement.v1.RectificationReported': text('报告整改情况', 'Rectification reported'),
  'procurement.v1.TestRecorded': text('登记验收测试', 'Test recorded'),
  'cybersecurity.v1.SystemRegistered': text('登记信息系统', 'System registered'),
  'cybersecurity.v1.GradeDetermined': text('等级保护定级', 'MLPS grade determined'),
  'cybersecurity.v1.AssessmentCompleted': text('等级保护测评', 'MLPS assessment completed'),
  'cybersecurity.v1.PublishingConsentGiven': text('信息发布备案同意', 'Publishing consent given'),
  'cybersecurity.v1.PublishingConsentRefused': text('信息发布备案不同意', 'Publishing consent refused'),
  'cybersecurity.v1.WebsiteFiled': text('网站（新媒体）备案', 'Website filed'),
  'cybersecurity.v1.GradeProposed': text('提出定级意见', 'Grade proposed'),
  'cybersecurity.v1.GradingReturned': text('退回定级意见', 'Grading returned'),
  'cybersecurity.v1.SystemChanged': text('信息系统变更', 'System changed'),
  'cybersecurity.v1.SystemRetired': text('信息系统下线', 'System retired'),
  'cryptoassessment.v1.CryptoPlanReviewed': text('密码测评方案审核', 'Crypto plan reviewed'),
  'cryptoassessment.v1.XCExemptionFiled': text('不按信创建设备案', 'XC exemption filed'),
  'cryptoassessment.v1.CryptoAssessmentCompleted': text('密码应用安全性评估', 'Crypto assessment completed'),
  'cryptoassessment.v1.CryptoPlanSubmitted': text('提交密码测评方案', 'Crypto plan submitted'),
  'cryptoassessment.v1.XCArgumentSubmitted': text('提交不按信创建设论证', 'XC argument submitted'),
  'cryptoassessment.v1.XCConsentAnswered': text('主管单位答复不按信创建设', 'XC consent answered'),
  'cryptoassessment.v1.XCFilingSubmitted': text('报送不按信创建设备案', 'XC filing submitted'),
  'cryptoassessment.v1.XCFilingReturned': text('退回不按信创建设备案', 'XC filing returned'),
  'cryptoassessment.v1.CryptoAssessmentSubmitted': text('提交密评报告', 'Crypto assessment submitted'),
  'cryptoassessment.v1.CryptoAssessmentReturned': text('退回密评报告', 'Crypto assessment returned'),
  'legalization.v1.SoftwareNeedDeclared': text('申报软件需求', 'Software need declared'),
  'legalization.v1.ChannelAssigned': text('确定采购渠道', 'Channel assigned'),
  'legalization.v1.SoftwareNeedReturned': text('退回软件需求', 'Software need returned'),
  'legalization.v1.PurchaseFiled': text('软件采购备案', 'Purchase filed'),
  'legalization.v1.InventoryReported': text('报送软件清单', 'Inventory reported'),
  'legalization.v1.LicenceGapFound': text('发现正版化缺口', 'Licence gap found'),
  'legalization.v1.LicenceGapClosed': text('正版化缺口补齐', 'Licence gap closed'),
  'legalization.v1.PriceCapSet': text('设定上限价格', 'Price cap set'),
  'dataresource.v1.CatalogueSubmitted': text('提交资源目录', 'Catalogue submitted'),
  'dataresource.v1.CataloguePublished': text('发布资源目录', 'Catalogue published'),
  'dataresource.v1.CatalogueReturned': text('退回资源目录', 'Catalogue returned'),
  'dataresource.v1.CloudRequested': text('申请政务云资源', 'Cloud resources requested'),
  'dataresource.v1.CloudGranted': text('同意政务云资源', 'Cloud resources granted'),
  'dataresource.v1.CloudRefused': text('不同意政务云资源', 'Cloud resources refused'),
  'dataresource.v1.StewardFiled': text('备案数据资源管理员', 'Steward filed'),
};

/** What a fact's type is called; the bare message name for one from a newer service. */
export function factName(type: string): Text {
  const short = type.replace(/^egov\./, '');
  const bare = short.split('.').at(-1) ?? short;
  return FACTS[short] ?? text(bare, bare);
}

/** Every fact type that has a name, for the tests. */
export const namedFacts = (): string[] => Object.keys(FACTS);

/** Whether a fact is about a clock: those have a view of their own. */
export const isClock = (type: string): boolean => type.startsWith('egov.deadline.');

const GOOD = /(Approved|Accepted|Passed|Issued|Granted|Published|Given|Consented|Met|Closed|Released|Filed)$/;
const BAD = /(Refused|Failed|Missed|Stopped|Returned|LockoutStarted|HoldPlaced|RectificationOrdered|FulfilledLate|Withdrawn)$/;

/** The colour of a fact on the timeline. */
export function factTone(type: string, data: Record<string, unknown>): 'good' | 'bad' | 'plain' {
  const outcome = data['outcome'] ?? data['conclusion'];
  if (outcome === 'refused' || outcome === 'stopped' || outcome === 'fail') return 'bad';
  if (outcome === 'approved' || outcome === 'filed' || outcome === 'pass') return 'good';
  if (BAD.test(type)) return 'bad';
  return GOOD.test(type) ? 'good' : 'plain';
}
