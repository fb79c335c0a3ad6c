import { nonce } from './nonce';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { App as AntApp, ConfigProvider } from 'antd';
import enUS from 'antd/locale/en_US';
import zhCN from 'antd/locale/zh_CN';
import dayjs from 'dayjs';
import 'dayjs/locale/zh-cn';
import { lazy, StrictMode, useEffect } from 'react';
import { createRoot } from 'react-dom/client';
import { createBrowserRouter, Navigate, RouterProvider } from 'react-router';
import { Problem } from './api/client';
import { SessionProvider, useSession } from './api/session';
import { LanguageProvider, useLanguage } from './i18n/language';
import { Room } from './pages/audit/Room';
import { Inbox } from './pages/Inbox';
import { MustChange, Password } from './pages/Password';
import { Projects } from './pages/Projects';
import { SignIn } from './pages/SignIn';
import './styles.css';
import { theme } from './theme';
import { Loading, ProblemView } from './ui/Bits';
import { SHAPES } from './ui/icons';
import { Broken, NotFound } from './ui/NotFound';
import { Shell } from './ui/Shell';

const Dossier = lazy(() => import('./pages/Dossier'));
const Declare = lazy(() => import('./pages/Declare'));
const Holidays = lazy(() => import('./pages/Holidays'));
const Resources = lazy(() => import('./pages/Resources'));
const RegisterPage = lazy(() => import('./pages/Register'));
const ServiceKeys = lazy(() => import('./pages/ServiceKeys'));
const Ledger = lazy(() => import('./pages/audit/Ledger'));
const AsOf = lazy(() => import('./pages/audit/AsOf'));
const Flags = lazy(() => import('./pages/audit/Flags'));
const Flag = lazy(() => import('./pages/audit/Flag'));
const Cases = lazy(() => import('./pages/audit/Cases'));
const Case = lazy(() => import('./pages/audit/Case'));
const Verify = lazy(() => import('./pages/audit/Verify'));
const Exports = lazy(() => import('./pages/audit/Exports'));

const router = createBrowserRouter([
  {
    element: <Shell />,
    errorElement: <Broken />,
    children: [
      { path: '/', element: <Inbox /> },
      { path: '/projects', element: <Projects /> },
      { path: '/projects/:id', element: <Dossier /> },
      { path: '/declare', element: <Declare key="new" /> },
      { path: '/declare/:id', element: <Declare key="edit" /> },
      {
        path: '/audit',
        element: <Room />,
        children: [
          { index: true, element: <Navigate to="/audit/ledger" replace /> },
          { path: 'ledger', element: <Ledger /> },
          { path: 'as-of', element: <AsOf /> },
          { path: 'flags', element: <Flags /> },
          { path: 'flags/:id', element: <Flag /> },
          { path: 'cases', element: <Cases /> },
          { path: 'cases/:id', element: <Case /> },
          { path: 'exports', element: <Exports /> },
          { path: 'verify', element: <Verify /> },
        ],
      },
      { path: '/resources', element: <Resources /> },
      { path: '/registers/:register', element: <RegisterPage /> },
      { path: '/registers/:register/:id', element: <RegisterPage /> },
      { path: '/holidays', element: <Holidays /> },
      { path: '/service-keys', element: <ServiceKeys /> },
      { path: '/password', element: <Password /> },
      { path: '*', element: <NotFound /> },
    ],
  },
]);

// A refusal is an answer: only what may pass by itself is asked again.
const RETRIES = 2;
const mayPass = (e: Error): boolean => !(e instanceof Problem) || e.status >= 500 || e.status === 429;
const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (count, e) => count < RETRIES && mayPass(e),
    },
  },
});

function Pages() {
  const { state, again } = useSession();
  switch (state.is) {
    case 'asking':
      return <Loading />;
    case 'failed':
      return (
        <main className="content">
          <ProblemView error={state.error} retry={again} />
        </main>
      );
    case 'out':
      return <SignIn />;
    case 'in':
      return state.signed.must_change_password ? <MustChange /> : <RouterProvider router={router} />;
  }
}

function Look() {
  const { lang } = useLanguage();
  useEffect(() => {
    dayjs.locale(lang === 'zh' ? 'zh-cn' : 'en');
  }, [lang]);
  return (
    <ConfigProvider theme={theme} locale={lang === 'zh' ? zhCN : enUS} csp={{ nonce }} {...SHAPES}>
      <AntApp>
        <Pages />
      </AntApp>
    </ConfigProvider>
  );
}

const root = document.getElementById('root');
if (!root) throw new Error('the document has no root');
createRoot(root).render(
  <StrictMode>
    <LanguageProvider>
      <QueryClientProvider client={client}>
        <SessionProvider>
          <Look />
        </SessionProvider>
      </QueryClientProvider>
    </LanguageProvider>
  </StrictMode>,
);
