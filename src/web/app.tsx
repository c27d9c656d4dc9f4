import { lazy, Suspense } from 'react';

import { useSession } from './api/queries.js';
import { Problem } from './design/parts.js';
import { useText } from './messages/text.js';
import { LoginPage } from './shell/login-page.js';

const OperatorPage = lazy(() => import('./operator/operator-page.js'));
const HouseholdPage = lazy(() => import('./household/household-page.js'));

const Waiting = () => {
  const text = useText();
  return (
    <main className="alone">
      <h1 className="visually-hidden">Heliograph</h1>
      <p role="status">{text('state.loading')}</p>
    </main>
  );
};

/** Who is here decides which face the page has; there is nothing else to route. */
export const App = () => {
  const { data: session, error, refetch } = useSession();
  if (session === undefined && error)
    return (
      <main className="alone">
        <h1>Heliograph</h1>
        <Problem error={error} onRetry={() => void refetch()} />
      </main>
    );
  if (session === undefined) return <Waiting />;
  if (session === null) return <LoginPage />;
  return (
    <Suspense fallback={<Waiting />}>
      {session.role === 'operator' ? <OperatorPage session={session} /> : <HouseholdPage session={session} />}
    </Suspense>
  );
};
