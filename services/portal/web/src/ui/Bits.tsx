import { Alert, Button, Empty, Flex, Spin, Tag, Tooltip } from 'antd';
import type { ReactNode } from 'react';
import { asProblem } from '../api/client';
import { useLabels } from '../api/labels';
import type { Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { nearness } from '../terms/clocks';
import { daysBetween } from '../terms/dates';
import { isShown } from '../terms/fields';
import { wan } from '../terms/money';
import { toneOf } from '../terms/names';
import type { Tone } from '../terms/names';

/** Provision ids, each with its text where a pack has it. */
export function Provisions({ ids }: { ids: readonly string[] | undefined }) {
  const { provision } = useLabels();
  if (!ids || ids.length === 0) return null;
  return (
    <span className="provisions">
      {ids.map((id) => (
        <Tooltip key={id} title={provision(id)}>
          <span className="provision" tabIndex={provision(id) ? 0 : undefined}>
            {id}
          </span>
        </Tooltip>
      ))}
    </span>
  );
}

/** What a fact, or a part of a thing, says: a line for each field, and the provisions that it rests on. */
export function Statement({ of: data, service }: { of: Record<string, unknown>; service?: string }) {
  const labels = useLabels();
  const { basis } = data;
  const lines = Object.entries(data)
    // A code stands for the text beside it.
    .filter(([name]) => isShown(name) && !(name === 'code' && 'text' in data))
    .map(([name, v]) => [labels.field(name, service), labels.value(name, v)] as const)
    .filter(([, v]) => v !== '');
  return (
    <>
      {lines.length > 0 && (
        <dl className="fact-data">
          {lines.map(([name, v]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd className="prose">{v}</dd>
            </div>
          ))}
        </dl>
      )}
      <Provisions ids={Array.isArray(basis) ? (basis as string[]) : []} />
    </>
  );
}

/** One violation in the reader's language, with its provisions. */
export function Said({ of: v }: { of: Violation }) {
  const { pick } = useLanguage();
  return (
    <>
      {pick({ zh: v.message, en: v.message_en })} <Provisions ids={v.basis} />
    </>
  );
}

/** A refusal or failure: its text, what it rests on, every violation, and how to find it again. */
export function ProblemView({ error, violations, names = {}, retry }: { error: unknown; violations?: Violation[]; names?: Record<string, string>; retry?: () => void }) {
  const { pick, t } = useLanguage();
  const { field } = useLabels();
  const p = asProblem(error);
  const list = violations ?? p.violations;
  return (
    <Alert
      type={p.status >= 500 || p.status === 0 ? 'error' : 'warning'}
      showIcon
      role="alert"
      title={pick({ zh: p.zh, en: p.en })}
      action={
        retry && (
          <Button size="small" onClick={retry}>
            {t('retry')}
          </Button>
        )
      }
      description={
        (list.length > 0 || p.basis.length > 0 || p.trace !== '') && (
          <div>
            {list.length > 0 && (
              <ul className="violations">
                {list.map((v, i) => (
                  <li key={i}>
                    {v.field !== '' && <b>{v.field.split('.').map((f) => names[f] ?? field(f)).join(' / ')}：</b>}
                    <Said of={v} />
                  </li>
                ))}
              </ul>
            )}
            {list.length === 0 && <Provisions ids={p.basis} />}
            {p.trace !== '' && <div className="quiet small">{t('trace', { id: p.trace })}</div>}
          </div>
        )
      }
    />
  );
}

const TONE_COLOUR: Record<Tone, string> = { going: 'processing', good: 'success', halted: 'warning', bad: 'error', quiet: 'default' };

/** A word in the colour of what it means for the reader. */
export function ToneTag({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <Tag color={TONE_COLOUR[tone]}>{children}</Tag>;
}

/** Where a project stands. */
export function StageTag({ stage }: { stage: string }) {
  const { stage: name } = useLabels();
  return <ToneTag tone={toneOf(stage)}>{name(stage)}</ToneTag>;
}

/** A due day, and how near it is. */
export function Due({ on, today }: { on: string | undefined; today: string }) {
  const { t } = useLanguage();
  if (!on) return <span className="quiet">{t('noDue')}</span>;
  const near = nearness(on, today);
  const left = daysBetween(today, on);
  const words = left < 0 ? t('dueLate', { n: -left }) : left === 0 ? t('dueToday') : t('dueIn', { n: left });
  return (
    <span className={`due due-${near}`}>
      <span className="num">{on}</span>
      <span className="due-words">{words}</span>
    </span>
  );
}

/** An amount in 万元. */
export function Wan({ fen }: { fen: number | undefined }) {
  return <span className="num">{fen === undefined || fen === 0 ? '—' : wan(fen)}</span>;
}

export function Loading() {
  const { t } = useLanguage();
  return (
    <Flex justify="center" align="center" className="loading" role="status" aria-label={t('loading')}>
      <Spin />
    </Flex>
  );
}

/** An empty place: says why it is empty and what to do next. */
export function Nothing({ title, lead, children }: { title: string; lead?: string; children?: ReactNode }) {
  return (
    <Empty
      className="nothing"
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        <div>
          <div className="nothing-title">{title}</div>
          {lead && <div className="quiet">{lead}</div>}
        </div>
      }
    >
      {children}
    </Empty>
  );
}

/** The head of a page: what it is, and what can be done there. */
export function PageHead({ title, lead, children }: { title: ReactNode; lead?: ReactNode; children?: ReactNode }) {
  return (
    <div className="page-head">
      <div>
        <h1>{title}</h1>
        {lead && <div className="quiet">{lead}</div>}
      </div>
      {children && <div className="page-acts">{children}</div>}
    </div>
  );
}
