import { Button, Drawer, Form, Radio } from 'antd';
import { useMutation } from '@tanstack/react-query';
import { useMemo, useRef, useState } from 'react';
import type { ReactNode } from 'react';
import { Link } from 'react-router';
import { actsOf, compose, fit } from '../api/acts';
import type { Act } from '../api/acts';
import { asProblem, ask, at, newKey } from '../api/client';
import { useLabels } from '../api/labels';
import { useDescription, useRefresh, useThing } from '../api/queries';
import { useSigned } from '../api/session';
import type { Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { place, spoken } from '../terms/violations';
import { ActForm, fieldAt, inward, outward, rowsFor } from './ActForm';
import { Loading, Nothing, ProblemView } from './Bits';
import { useSay } from './say';

/** What is to be acted on: one thing of a service, and what the inbox asks for, if it does. */
export interface Matter {
  service: string;
  collection: string;
  id: string;
  projectID: string;
  projectTitle: string;
  title: string;
  /** The inbox's word for what is to be done; empty = any act. */
  action: string;
  /** Only these operations are offered, when given. */
  only?: string[];
  /** What was chosen before the form opened: it is sent, and not asked for. */
  given?: Record<string, unknown>;
  /** The same in words. */
  givenWords?: ReactNode;
}

// How well an act on another thing must fit before it is offered.
const SURE = 2;

// An inbox entry often stands for a choice: accept, return or refuse.
const CHOICES: Record<string, Record<string, string[]>> = {
  declaration: {
    accept: ['AcceptProject', 'ReturnProject', 'RefuseProject'],
    submit: ['SubmitProject', 'WithdrawProject'],
    supervisor_approve: ['ReviewAsSupervisor'],
    supplement: ['SupplementProject', 'WithdrawProject'],
    record_handover: ['RecordHandover'],
  },
};

/** Sorts acts by how well they answer the matter; `best` is how many do at all. */
function offered(acts: Act[], m: Matter): { list: Act[]; best: number } {
  const named = m.only ?? CHOICES[m.service]?.[m.action];
  if (named) {
    const list = named.map((id) => acts.find((a) => a.id === id)).filter((a) => a !== undefined);
    return { list, best: list.length };
  }
  const scored = acts
    .map((a) => ({ a, score: fit(a, m.action) }))
    .filter((x) => x.a.subject !== '' || x.score >= SURE)
    .sort((x, y) => y.score - x.score);
  return { list: scored.map((x) => x.a), best: scored.filter((x) => x.score > 0).length };
}

/** Whether an act brings the whole thing anew, so that its form begins with the old one. */
const replaces = (a: Act): boolean => a.subject !== '' && (a.method === 'PUT' || /^(Revise|Change)/.test(a.id));

/** What the form need not ask for. */
function known(m: Matter, unit: string): Record<string, unknown> {
  return { project_id: m.projectID, [`${m.collection}_id`]: m.id, member: unit, unit };
}

function Panel({ matter, onDone, onClose }: { matter: Matter; onDone: (answer: unknown) => void; onClose: () => void }) {
  const { t, pick } = useLanguage();
  const say = useSay();
  const { principal } = useSigned();
  const description = useDescription(matter.service);
  const refresh = useRefresh();
  const [form] = Form.useForm<Record<string, unknown>>();
  const { list, best } = useMemo(
    () => offered(description.data ? actsOf(matter.service, description.data, matter.collection, principal.roles) : [], matter),
    [description.data, matter, principal.roles],
  );
  const [chosen, setChosen] = useState<string>();
  const [rest, setRest] = useState<Violation[]>([]);
  const attempt = useRef({ body: '', key: '' });
  const act = list.find((a) => a.id === chosen) ?? list[0];
  const asked = act?.fields.filter((f) => !(f.name in (matter.given ?? {}))) ?? [];
  const labels = useLabels();
  const where = !act || act.subject === '' ? '' : act.path.slice(0, act.path.indexOf(`{${act.subject}}`)) + matter.id;
  const thing = useThing(matter.service, act && (replaces(act) || asked.some((f) => f.kind === 'list')) ? where : '');

  const perform = useMutation({
    mutationFn: async (a: Act) => {
      setRest([]);
      const { path, query, body } = compose(a, matter.id, { ...outward(a.fields, form.getFieldsValue()), ...matter.given });
      // The same attempt repeated has one effect; another content is another attempt.
      const said = JSON.stringify([a.id, body]);
      if (attempt.current.body !== said) attempt.current = { body: said, key: newKey() };
      const thing = path.split('/').slice(0, 4).join('/'); // /v1/<collection>/<id>
      const ifMatch = a.versioned ? (await ask(at(a.service, thing))).etag : undefined;
      return ask(at(a.service, path, query), { method: a.method, body: a.fields.length === 0 ? undefined : body, ifMatch, key: attempt.current.key });
    },
    onSuccess: ({ body }) => {
      say.done(t('actDone'));
      refresh();
      onDone(body);
    },
    onError: (e) => {
      attempt.current.key = '';
      attempt.current.body = '';
      if (!act) return;
      const { fields, rest: others } = place(asProblem(e).violations, (path) => fieldAt(asked, path));
      form.setFields([...fields.values()].map(({ path, list: broken }) => ({ name: path, errors: broken.map((v) => spoken(v, pick)) })));
      setRest(others);
    },
  });

  if (description.isPending || thing.isLoading) return <Loading />;
  if (description.isError) return <ProblemView error={description.error} retry={() => void description.refetch()} />;
  if (!act) return <Nothing title={t('actNothing')}><Button onClick={onClose}>{t('close')}</Button></Nothing>;
  const choose = (id: string) => {
    form.resetFields();
    perform.reset();
    setRest([]);
    setChosen(id);
  };
  const option = (a: Act) => ({ value: a.id, label: pick(a.title) });
  return (
    <div className="act">
      {list.length > 1 && (
        <div className="act-choice">
          <div className="quiet small">{t('actChoose')}</div>
          <Radio.Group aria-label={t('actChoose')} value={act.id} onChange={(e) => choose(e.target.value as string)} options={list.slice(0, Math.max(best, 1)).map(option)} optionType="button" />
          {best < list.length && (
            <details className="act-other">
              <summary>{t('actOther')}</summary>
              <Radio.Group value={act.id} onChange={(e) => choose(e.target.value as string)} options={list.slice(Math.max(best, 1)).map(option)} className="vertical" />
            </details>
          )}
        </div>
      )}
      {list.length === 1 && pick(act.title) !== matter.title && <h2>{pick(act.title)}</h2>}
      {perform.isError && <ProblemView error={perform.error} violations={rest} />}
      {act.fields.length === 0 && <p className="quiet">{t('actNoInput')}</p>}
      {matter.givenWords}
      <ActForm key={act.id} form={form} service={act.service} fields={asked} thing={where} initial={{ ...known(matter, principal.unit), ...rowsFor(asked, labels.terms, thing.data), ...(replaces(act) ? inward(asked, thing.data ?? {}) : {}) }} onFinish={() => perform.mutate(act)} />
      <p className="quiet small">{t('actSealed')}</p>
      <div className="act-foot">
        <Button type="primary" loading={perform.isPending} onClick={() => form.submit()}>
          {t('confirm')}
        </Button>
        <Button onClick={onClose}>{t('cancel')}</Button>
      </div>
    </div>
  );
}

/** The drawer in which one matter is acted on. */
export function ActDrawer({ matter, onClose, onDone }: { matter: Matter | null; onClose: () => void; onDone?: (answer: unknown) => void }) {
  const { t } = useLanguage();
  const labels = useLabels();
  return (
    <Drawer open={matter !== null} onClose={onClose} size={560} destroyOnHidden title={matter ? matter.title : t('actTitle')}>
      {matter && (
        <>
          <div className="act-about">
            <span className="fact-service">{labels.service(matter.service)}</span>
            {matter.projectID !== '' && <Link to={`/projects/${matter.projectID}`}>{matter.projectTitle || matter.projectID}</Link>}
          </div>
          <Panel
            key={`${matter.service}/${matter.id}/${matter.action}`}
            matter={matter}
            onClose={onClose}
            onDone={(answer) => {
              onClose();
              onDone?.(answer);
            }}
          />
        </>
      )}
    </Drawer>
  );
}
