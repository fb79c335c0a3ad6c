import { Collapse, Table, Tag } from 'antd';
import type { ReactNode } from 'react';
import { useLabels } from '../api/labels';
import type { ChecklistItem, Decision, Finding } from '../api/types';
import { useLanguage } from '../i18n/language';
import { wan } from '../terms/money';
import { GATES, STRENGTHS } from '../terms/names';
import { Provisions } from './Bits';
import { CheckCircleFilled, ExclamationCircleFilled, MinusCircleOutlined } from './icons';

/** How many things a decision still asks for before it is ready. */
const owed = (d: Decision): number => d.checklist.filter((i) => !i.present).length + d.findings.filter((f) => f.severity === 'error').length;

function Block({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section className="block">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

/** One breach of the cost standard or of a policy rule. */
export function FindingView({ finding: f }: { finding: Finding }) {
  const { t, pick } = useLanguage();
  return (
    <div className={`finding finding-${f.severity}`}>
      {f.severity === 'error' ? <ExclamationCircleFilled aria-hidden /> : <MinusCircleOutlined />}
      <div>
        {typeof f.line === 'number' && <b>{t('decisionLine', { n: f.line + 1 })} </b>}
        {pick({ zh: f.message, en: f.message_en })}
        {typeof f.limit_fen === 'number' && typeof f.actual_fen === 'number' && (
          <div className="quiet num">{t('decisionLimit', { limit: wan(f.limit_fen), actual: wan(f.actual_fen), diff: wan(Math.abs(f.actual_fen - f.limit_fen)) })}</div>
        )}
        <div>
          <Tag>{pick(STRENGTHS[f.strength] ?? { zh: f.strength, en: f.strength })}</Tag>
          <Provisions ids={f.basis} />
        </div>
      </div>
    </div>
  );
}

/** The required papers, by the gate that asks for them. */
export function Checklist({ items, pack }: { items: ChecklistItem[]; pack: string }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const gates = [...new Set(items.map((i) => i.gate))];
  return (
    <div className="checklist">
      {gates.map((g) => (
        <div key={g}>
          <div className="quiet small">
            {t('decisionGate')} {pick(GATES[g] ?? { zh: g, en: g })}
          </div>
          <ul>
            {items
              .filter((i) => i.gate === g)
              .map((i) => (
                <li key={i.item} className={i.present ? 'have' : 'lack'}>
                  {i.present ? <CheckCircleFilled aria-label={t('decisionHave')} /> : <ExclamationCircleFilled aria-label={t('decisionMissing')} />}
                  <span>{labels.term('materials', i.item, pack)}</span>
                  <Provisions ids={i.basis} />
                </li>
              ))}
          </ul>
        </div>
      ))}
    </div>
  );
}

/**
 * A decision of the rules: the road it gives, what it rests on, and what it
 * asks for. A settled one is as it was when the project was submitted, with the
 * rules that were tried.
 */
export function DecisionView({ decision: d, settled }: { decision: Decision; settled: boolean }) {
  const { t, pick } = useLanguage();
  const labels = useLabels();
  const n = owed(d);
  return (
    <div className="decision">
      <div className="verdict">
        <div className="quiet small">{t('decisionRoute')}</div>
        <div className="verdict-route" data-testid="route">
          {labels.term('routes', d.route, d.pack)}
        </div>
        <Provisions ids={d.basis} />
        {settled ? (
          <div className="verdict-ready quiet">{t('decisionSettled')}</div>
        ) : (
          <div className={`verdict-ready ${d.ready ? 'good' : 'warn'}`}>{d.ready ? t('decisionReady') : t('decisionNotReady', { n })}</div>
        )}
      </div>
      {d.steps.length > 0 && (
        <Block title={t('decisionSteps')}>
          <ol className="steps">
            {d.steps.map((s) => (
              <li key={s}>{labels.term('steps', s, d.pack)}</li>
            ))}
          </ol>
          {d.conference_mode !== '' && (
            <div className="quiet">
              {t('decisionMode')}：{labels.term('conference_modes', d.conference_mode, d.pack)}
            </div>
          )}
        </Block>
      )}
      {d.checklist.length > 0 && (
        <Block title={t('decisionChecklist')}>
          <Checklist items={d.checklist} pack={d.pack} />
        </Block>
      )}
      {d.findings.length > 0 && (
        <Block title={t('decisionFindings')}>
          {d.findings.map((f, i) => (
            <FindingView key={i} finding={f} />
          ))}
        </Block>
      )}
      {d.obligations.length > 0 && (
        <Block title={t('decisionObligations')}>
          {d.obligations.map((o) => (
            <Tag key={o}>{labels.term('obligations', o, d.pack)}</Tag>
          ))}
        </Block>
      )}
      {d.notes.length > 0 && (
        <Block title={t('decisionNotes')}>
          <ul className="notes">
            {d.notes.map((x) => (
              <li key={x.code}>
                {pick({ zh: x.text, en: x.text_en })} <Provisions ids={x.basis} />
              </li>
            ))}
          </ul>
        </Block>
      )}
      {settled && (
        <Collapse
          ghost
          items={[
            {
              key: 'trace',
              label: t('decisionTrace'),
              children: (
                <Table
                  size="small"
                  rowKey="rule"
                  pagination={false}
                  scroll={{ x: 720 }}
                  dataSource={d.trace}
                  columns={[
                    { title: t('traceRule'), dataIndex: 'rule', width: 220 },
                    { title: t('traceExpr'), dataIndex: 'expr', render: (e: string) => <code>{e}</code> },
                    { title: t('traceResult'), dataIndex: 'result', width: 80, render: (r: boolean) => (r ? <b>{t('traceTrue')}</b> : <span className="quiet">{t('traceFalse')}</span>) },
                    { title: t('basis'), dataIndex: 'basis', width: 180, render: (b: string[]) => <Provisions ids={b} /> },
                  ]}
                />
              ),
            },
          ]}
        />
      )}
      <div className="quiet small">
        {t('fPack')}：{pick(labels.packs.find((p) => p.id === d.pack)?.title ?? { zh: d.pack, en: d.pack })} <span className="num">{d.pack_version}</span>
      </div>
    </div>
  );
}
