import { Button, Tag } from 'antd';
import { useState } from 'react';
import { Link, useNavigate } from 'react-router';
import { useAuditRefresh, useCases } from '../../api/audit';
import type { CaseFilter } from '../../api/audit';
import { useLabels } from '../../api/labels';
import { useUnits } from '../../api/queries';
import { useSigned } from '../../api/session';
import type { AuditCase } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { CASE_STATES, CASE_TONES } from '../../terms/audit';
import { minute } from '../../terms/dates';
import { Due, Nothing, PageHead, ToneTag } from '../../ui/Bits';
import { FormDrawer } from '../../ui/FormDrawer';
import type { FormAct } from '../../ui/FormDrawer';
import { PlusOutlined } from '../../ui/icons';
import { Listing, Narrow } from '../../ui/Listing';
import type { Choice } from '../../ui/Listing';

/** Where a case stands, and whether the unit is late. */
export function CaseTag({ of: c }: { of: AuditCase }) {
  const { t, pick } = useLanguage();
  return (
    <>
      <ToneTag tone={CASE_TONES[c.state] ?? 'going'}>{pick(CASE_STATES[c.state] ?? { zh: c.state, en: c.state })}</ToneTag>
      {c.overdue && <Tag color="error">{t('caseOverdue')}</Tag>}
      {c.serious && <Tag color="volcano">{t('caseSerious')}</Tag>}
    </>
  );
}

/** The day by which the unit owes what waits. */
export function dueOf(c: AuditCase): string | undefined {
  const question = c.questions.at(-1);
  if (question && !question.answer) return question.due_on;
  const order = c.rectifications.at(-1);
  return c.state === 'rectifying' ? (order?.reviews.at(-1)?.due_on ?? order?.due_on) : undefined;
}

/** The audit cases that the caller may see: an auditor all, others their unit's. */
export default function Cases() {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const go = useNavigate();
  const refresh = useAuditRefresh();
  const { principal, today } = useSigned();
  const units = useUnits().data ?? [];
  const auditor = principal.roles.includes('auditor');
  const [filter, setFilter] = useState<CaseFilter>({ state: '', unit: '', serious: '' });
  const [act, setAct] = useState<FormAct | null>(null);
  const list = useCases(filter);
  const narrowed = Object.values(filter).some((v) => v !== '');
  const choose = (name: keyof CaseFilter, label: string, options: Choice[]) => (
    <Narrow label={label} value={filter[name]} options={options} onChange={(v) => setFilter({ ...filter, [name]: v })} />
  );
  const open = () =>
    setAct({
      service: 'auditexport', path: '/v1/audit-cases', title: t('caseOpenFree'), lead: t('caseOpenLead'),
      fields: [
        { name: 'title', label: t('caseTitle'), kind: 'text', required: true },
        { name: 'unit', label: t('caseUnit'), kind: 'unit', required: true },
        { name: 'reason', label: t('caseReason'), kind: 'long', required: true },
        { name: 'projects', label: t('caseProjects'), kind: 'words', hint: t('fMaterialHint') },
        { name: 'serious', label: t('caseSerious'), kind: 'check', hint: t('caseSeriousHint') },
      ],
    });
  return (
    <>
      <PageHead title={t('navCases')}>
        {auditor && (
          <Button type="primary" icon={<PlusOutlined />} onClick={open}>
            {t('caseOpenFree')}
          </Button>
        )}
      </PageHead>
      <div className="panel">
        <div className="filters">
          {choose('state', t('caseState'), Object.entries(CASE_STATES).map(([value, x]) => ({ value, label: pick(x) })))}
          {auditor && choose('unit', t('caseUnit'), units.map((u) => ({ value: u.code, label: labels.unit(u.code) })))}
          {choose('serious', t('caseSerious'), [{ value: 'true', label: t('yes') }, { value: 'false', label: t('no') }])}
        </div>
        <Listing
          name={t('navCases')}
          of={list}
          width={860}
          empty={narrowed ? <Nothing title={t('casesEmptyFilter')} /> : <Nothing title={t('casesEmpty')} lead={t(auditor ? 'casesEmptyAuditor' : 'casesEmptyUnit')} />}
          columns={[
            {
              title: t('caseTitle'),
              render: (_, c) => (
                <Link to={`/audit/cases/${c.id}`} className="strong">
                  {c.title}
                </Link>
              ),
            },
            { title: t('caseUnit'), width: 160, render: (_, c) => labels.unit(c.audited_unit) },
            { title: t('caseState'), width: 230, render: (_, c) => <CaseTag of={c} /> },
            { title: t('caseDue'), width: 190, render: (_, c) => (dueOf(c) ? <Due on={dueOf(c)} today={today} /> : <span className="quiet">—</span>) },
            { title: t('caseUpdated'), width: 150, render: (_, c) => <span className="num quiet">{minute(c.updated_at)}</span> },
          ]}
        />
      </div>
      <FormDrawer
        act={act}
        onClose={() => setAct(null)}
        onDone={(answer) => {
          refresh();
          void go(`/audit/cases/${(answer as AuditCase).id}`);
        }}
      />
    </>
  );
}
