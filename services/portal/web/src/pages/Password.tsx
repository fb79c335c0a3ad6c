import { useMutation } from '@tanstack/react-query';
import { Alert, Button, Form, Input } from 'antd';
import { useState } from 'react';
import { asProblem } from '../api/client';
import { useSession } from '../api/session';
import type { Violation } from '../api/types';
import { useLanguage } from '../i18n/language';
import { place, spoken } from '../terms/violations';
import { PageHead, ProblemView } from '../ui/Bits';
import { useSay } from '../ui/say';

interface Entered {
  current_password: string;
  new_password: string;
  again: string;
}

function PasswordForm() {
  const { t, pick } = useLanguage();
  const say = useSay();
  const { changePassword } = useSession();
  const [form] = Form.useForm<Entered>();
  const [rest, setRest] = useState<Violation[]>([]);
  const change = useMutation({
    mutationFn: (e: Entered) => changePassword(e.current_password, e.new_password),
    onSuccess: () => {
      form.resetFields();
      say.done(t('passwordChanged'));
    },
    onError: (e) => {
      const { fields, rest: others } = place(asProblem(e).violations, (path) => (path[0] === 'current_password' || path[0] === 'new_password' ? path : null));
      form.setFields([...fields.values()].map(({ path, list }) => ({ name: path as ['new_password'], errors: list.map((v) => spoken(v, pick)) })));
      setRest(others);
    },
  });
  const rules = [{ required: true, message: t('passwordNeeded') }];
  return (
    <Form<Entered> form={form} name="password" layout="vertical" requiredMark={false} onFinish={(e) => change.mutate(e)} className="password-form">
      {change.isError && (
        <div className="gap">
          <ProblemView error={change.error} violations={rest} />
        </div>
      )}
      <Form.Item name="current_password" label={t('password1')} rules={rules}>
        <Input.Password autoComplete="current-password" />
      </Form.Item>
      <Form.Item name="new_password" label={t('password2')} rules={rules}>
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Form.Item
        name="again"
        label={t('password3')}
        dependencies={['new_password']}
        rules={[
          ...rules,
          ({ getFieldValue }) => ({
            validator: (_, v) => (!v || v === getFieldValue('new_password') ? Promise.resolve() : Promise.reject(new Error(t('passwordDiffers')))),
          }),
        ]}
      >
        <Input.Password autoComplete="new-password" />
      </Form.Item>
      <Button type="primary" htmlType="submit" loading={change.isPending}>
        {t('passwordChange')}
      </Button>
    </Form>
  );
}

/** Changes the password at any time. */
export function Password() {
  const { t } = useLanguage();
  return (
    <>
      <PageHead title={t('passwordChange')} />
      <div className="panel">
        <PasswordForm />
      </div>
    </>
  );
}

/** Changes the password before anything else. */
export function MustChange() {
  const { t } = useLanguage();
  const { signOut } = useSession();
  return (
    <main className="signin-box">
      <h1>{t('passwordChange')}</h1>
      <Alert type="info" showIcon title={t('passwordMust')} />
      <PasswordForm />
      <Button type="link" onClick={() => void signOut()} className="signin-acting">
        {t('signout')}
      </Button>
    </main>
  );
}
