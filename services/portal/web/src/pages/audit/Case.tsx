import { Button, Descriptions, Tag } from 'antd';
import { useState } from 'react';
import { Link, useParams } from 'react-router';
import { useAuditRefresh, useCase } from '../../api/audit';
import { at } from '../../api/client';
import { useLabels } from '../../api/labels';
import { useSigned } from '../../api/session';
import type { AuditCase, AuditConclusion, AuditPaper } from '../../api/types';
import { useLanguage } from '../../i18n/language';
import { CASE_OUTCOMES, MANNERS } from '../../terms/audit';
import { ANSWERERS } from '../../terms/names';
import { Due, PageHead } from '../../ui/Bits';
import { FormDrawer } from '../../ui/FormDrawer';
import type { FormAct, FormField } from '../../ui/FormDrawer';
import { DownloadOutlined } from '../../ui/icons';
import { Loaded } from '../../ui/Loaded';
import { ProjectLink } from '../../ui/ProjectLink';
import { CaseTag, dueOf } from './Cases';

function PaperList({ of: c, list }: { of: AuditCase; list: AuditPaper[] }) {
  if (list.length === 0) return null;
  return (
    <ul className="papers">
      {list.map((p) => (
        <li key={p.sha256}>
          <a href={at('auditexport', `/v1/audit-cases/${c.id}/attachments/${p.sha256}`)} download={p.name}>
            <DownloadOutlined /> {p.name}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** What the caller can do in the case now; the service decides, this keeps the choice short. */
function useActs(c: AuditCase): FormAct[] {
  const { t, pick } = useLanguage();
  const { principal } = useSigned();
  const auditor = principal.roles.includes('auditor');
  const own = principal.unit === c.audited_unit && principal.roles.some((r) => ANSWERERS.includes(r));
  const base = `/v1/audit-cases/${c.id}`;
  const act = (path: string, title: string, fields: FormField[], more: Partial<FormAct> = {}): FormAct => ({ service: 'auditexport', path: base + path, title, fields, ...more });
  const papers: FormField = { name: 'documents', label: t('fPapers'), kind: 'papers', upload: `${base}/attachments` };
  const acts: FormAct[] = [];
  if (own && c.state === 'questioned') {
    acts.push(
      act('/answer', t('caseAnswer'), [
        { name: 'answer', label: t('fAnswer'), kind: 'long', required: true },
        papers,
        { name: 'refuses', label: t('fRefuses'), kind: 'check', hint: t('fRefusesHint') },
      ], { lead: c.questions.at(-1)?.question }),
    );
  }
  if (own && c.state === 'rectifying') {
    acts.push(act('/rectifications/report', t('caseReport'), [{ name: 'report', label: t('fReport'), kind: 'long', required: true }, papers], { lead: c.rectifications.at(-1)?.order }));
  }
  if (!auditor) return acts;
  const open = c.state === 'opened' || c.state === 'examined';
  const order = c.rectifications.at(-1);
  const reported = order !== undefined && !order.carried_out && order.reports.length > order.reviews.length;
  if (c.state === 'examined' && reported) {
    acts.push(
      act('/rectifications/review', t('caseReview'), [
        { name: 'carried_out', label: t('fCarriedOut'), kind: 'bool', required: true },
        { name: 'remark', label: t('fRemark'), kind: 'long', required: true },
        { name: 'due_on', label: t('fDueAnew'), kind: 'date', when: (v) => v['carried_out'] === false },
      ]),
    );
  }
  if (open) {
    acts.push(
      act('/questions', t('caseAsk'), [
        { name: 'question', label: t('fQuestion'), kind: 'long', required: true },
        { name: 'material', label: t('fMaterial'), kind: 'words', hint: t('fMaterialHint') },
      ]),
    );
  }
  if (c.state === 'examined' && !reported) {
    acts.push(
      act('/rectifications', t('caseOrder'), [
        { name: 'order', label: t('fOrder'), kind: 'long', required: true },
        { name: 'due_on', label: t('fDueOn'), kind: 'date', required: true },
      ]),
    );
  }
  if (open && !reported) {
    acts.push(
      act('/conclusion', t('caseConclude'), [
        { name: 'outcome', label: t('fOutcome'), kind: 'choice', required: true, options: Object.entries(CASE_OUTCOMES).map(([value, x]) => ({ value, label: pick(x) })) },
        { name: 'conclusion', label: t('fConclusion'), kind: 'long', required: true },
      ]),
    );
  }
  if (c.state === 'concluding') {
    acts.push(
      act('/conclusion/confirm', t('caseConfirm'), [], { lead: t('caseConfirmLead') }),
      act('/conclusion/return', t('caseReturn'), [{ name: 'reason', label: t('fReturnReason'), kind: 'long', required: true }]),
    );
  }
  if (c.questions.length > 0 && ['questioned', 'examined', 'rectifying'].includes(c.state)) {
    acts.push(
      act(
        '/withholdings',
        t('caseWithhold'),
        [
          { name: 'question_id', label: t('fOfQuestion'), kind: 'choice', required: true, options: c.questions.map((q) => ({ value: q.id, label: q.question })) },
          { name: 'manner', label: t('fManner'), kind: 'choice', required: true, options: Object.entries(MANNERS).map(([value, x]) => ({ value, label: pick(x) })) },
          { name: 'statement', label: t('fStatement'), kind: 'long', required: true },
        ],
        { initial: { question_id: c.questions.at(-1)?.id } },
      ),
    );
  }
  return acts;
}

function Questions({ of: c }: { of: AuditCase }) {
  const { t } = useLanguage();
  const { today } = useSigned();
  return (
    <section className="panel" aria-label={t('caseQuestions')}>
      <h2>{t('caseQuestions')}</h2>
      {c.questions.length === 0 && <p className="quiet">{t('caseQuestionsNone')}</p>}
      {c.questions.map((q) => (
        <article key={q.id} className="exchange">
          <div className="prose strong">{q.question}</div>
          {q.material && q.material.length > 0 && (
            <div>
              <span className="quiet">{t('caseMaterial')}：</span>
              {q.material.join('；')}
            </div>
          )}
          <div className="quiet small">{t('caseAsked', { by: q.asked_by, on: q.asked_on, due: q.due_on })}</div>
          {q.answer ? (
            <div className="reply">
              <div className="prose">{q.answer.answer}</div>
              <PaperList of={c} list={q.answer.documents} />
              <div className="quiet small">
                {t('caseAnswered', { by: q.answer.answered_by, on: q.answer.answered_on })} {q.answer.late && <Tag color="error">{t('caseLate')}</Tag>}
              </div>
            </div>
          ) : (
            <div className="reply">
              <span className="quiet">{t('caseWaits')}</span> <Due on={q.due_on} today={today} />
            </div>
          )}
        </article>
      ))}
    </section>
  );
}

function Rectifications({ of: c }: { of: AuditCase }) {
  const { t } = useLanguage();
  const { today } = useSigned();
  if (c.rectifications.length === 0) return null;
  return (
    <section className="panel" aria-label={t('caseRectifications')}>
      <h2>{t('caseRectifications')}</h2>
      {c.rectifications.map((r) => (
        <article key={r.id} className="exchange">
          <div className="prose strong">{r.order}</div>
          <div className="quiet small">
            {t('caseOrdered', { by: r.ordered_by, on: r.ordered_on, due: r.due_on })} {r.carried_out && <Tag color="success">{t('caseCarriedOut')}</Tag>}
          </div>
          {r.reports.map((p, i) => {
            const review = r.reviews[i];
            return (
              <div key={i} className="reply">
                <div className="prose">{p.report}</div>
                <PaperList of={c} list={p.documents} />
                <div className="quiet small">
                  {t('caseReported', { by: p.reported_by, on: p.reported_on })} {p.late && <Tag color="error">{t('caseLate')}</Tag>}
                </div>
                {review && (
                  <div>
                    <Tag color={review.carried_out ? 'success' : 'warning'}>{t(review.carried_out ? 'caseCarriedOut' : 'caseNotCarriedOut')}</Tag> {review.remark}{' '}
                    <span className="quiet small">{t('caseReviewed', { by: review.reviewed_by, on: review.reviewed_on })}</span>
                  </div>
                )}
              </div>
            );
          })}
          {c.state === 'rectifying' && !r.carried_out && (
            <div className="reply">
              <span className="quiet">{t('caseReportWaits')}</span> <Due on={dueOf(c)} today={today} />
            </div>
          )}
        </article>
      ))}
    </section>
  );
}

function Conclusion({ of: x }: { of: AuditConclusion }) {
  const { t, pick } = useLanguage();
  return (
    <div className="exchange">
      <div className="strong">{pick(CASE_OUTCOMES[x.outcome] ?? { zh: x.outcome, en: x.outcome })}</div>
      <div className="prose">{x.conclusion}</div>
      <div className="quiet small">
        {t('caseConcluded', { by: x.concluded_by, on: x.concluded_on })}
        {x.confirmed_by && ` · ${t('caseConfirmed', { by: x.confirmed_by, on: x.confirmed_on ?? '' })}`}
      </div>
    </div>
  );
}

function Whole({ of: c }: { of: AuditCase }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const { principal, today } = useSigned();
  const refresh = useAuditRefresh();
  const acts = useActs(c);
  const [act, setAct] = useState<FormAct | null>(null);
  const auditor = principal.roles.includes('auditor');
  const due = dueOf(c);
  return (
    <>
      <PageHead
        title={
          <>
            {c.title} <CaseTag of={c} />
          </>
        }
        lead={t('caseLead', { by: c.opened_by })}
      >
        {acts.map((a, i) => (
          <Button key={a.title} type={i === 0 ? 'primary' : 'default'} onClick={() => setAct(a)}>
            {a.title}
          </Button>
        ))}
      </PageHead>
      <section className="panel" aria-label={t('basics')}>
        <Descriptions
          size="small"
          column={{ xs: 1, md: 2 }}
          items={[
            { label: t('caseUnit'), children: labels.unit(c.audited_unit) },
            { label: t('fPack'), children: c.pack },
            ...(due ? [{ label: t('caseDue'), children: <Due on={due} today={today} /> }] : []),
            {
              label: t('caseProjects'),
              children:
                c.projects.length === 0 ? (
                  <span className="quiet">—</span>
                ) : (
                  <div>
                    {c.projects.map((p) => (
                      <div key={p}>
                        <ProjectLink id={p} />
                      </div>
                    ))}
                  </div>
                ),
            },
            ...(auditor && c.flags.length > 0
              ? [
                  {
                    label: t('caseFlags'),
                    children: (
                      <div>
                        {c.flags.map((f) => (
                          <div key={f}>
                            <Link to={`/audit/flags/${f}`}>{f}</Link>
                          </div>
                        ))}
                      </div>
                    ),
                  },
                ]
              : []),
            { label: t('caseReason'), span: 'filled', children: <div className="prose">{c.reason}</div> },
          ]}
        />
      </section>
      <Questions of={c} />
      {c.withheld.length > 0 && (
        <section className="panel" aria-label={t('caseWithheld')}>
          <h2>{t('caseWithheld')}</h2>
          {c.withheld.map((w, i) => (
            <div key={i} className="exchange">
              <Tag color="error">{pick(MANNERS[w.manner] ?? { zh: w.manner, en: w.manner })}</Tag> <span className="prose">{w.statement}</span>
              <div className="quiet small">{t('caseWithheldBy', { by: w.recorded_by, on: w.recorded_on })}</div>
            </div>
          ))}
        </section>
      )}
      <Rectifications of={c} />
      {(c.conclusion ?? c.returned?.length) && (
        <section className="panel" aria-label={t('caseConclusion')}>
          <h2>{t('caseConclusion')}</h2>
          {c.conclusion && <Conclusion of={c.conclusion} />}
          {(c.returned ?? []).map((r, i) => (
            <div key={i}>
              <Conclusion of={r.conclusion} />
              <p className="warn">{t('caseReturned', { by: r.returned_by, on: r.returned_on, reason: r.reason })}</p>
            </div>
          ))}
        </section>
      )}
      <FormDrawer act={act} onClose={() => setAct(null)} onDone={refresh} />
    </>
  );
}

/** One audit case: what was asked, what the unit answered, what it is to put right, and what came of it. */
export default function Case() {
  const { id = '' } = useParams();
  return <Loaded of={useCase(id)}>{(c) => <Whole of={c} />}</Loaded>;
}
