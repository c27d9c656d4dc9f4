import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type SubmitEvent, useState } from 'react';

import { call, isStatus } from '../api/client.js';
import { keys, usePlant } from '../api/queries.js';
import type { PlantInfo, Session } from '../api/types.js';
import { Problem } from '../design/parts.js';
import { useText } from '../messages/text.js';
import { PreferenceControls, SimulatedBadge } from './page-head.js';

interface Credentials {
  name: string;
  password: string;
}

const useLogin = () => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (credentials: Credentials) => call<Session>('POST', '/session', credentials),
    onSuccess: (session) => {
      // What another user was shown is not this one's to see, not for the blink of a refresh either.
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== keys.session[0] && queryKey[0] !== keys.plant[0] });
      queries.setQueryData(keys.session, session);
    },
  });
};

const DemoLogins = ({ logins, onChoose }: { logins: NonNullable<PlantInfo['demoLogins']>; onChoose: (login: Credentials) => void }) => {
  const text = useText();
  return (
    <section className="demo-logins" aria-labelledby="demo-logins">
      <h2 id="demo-logins">{text('login.demo')}</h2>
      <p>{text('login.demo.why')}</p>
      <ul>
        {logins.map((login) => (
          <li key={login.name}>
            <button
              type="button"
              className="demo-login"
              data-testid={`login-demo-${login.name}`}
              onClick={() => onChoose({ name: login.name, password: login.password })}
            >
              <span className="demo-login-title">{login.title}</span>
              <span className="demo-login-name">
                {login.name} · {login.password}
              </span>
              <span className="demo-login-role">{text(login.role === 'operator' ? 'login.role.operator' : 'login.role.household')}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
};

const LoginForm = ({ onLogin, pending, error }: { onLogin: (login: Credentials) => void; pending: boolean; error: Error | null }) => {
  const text = useText();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    onLogin({ name, password });
  };
  return (
    <form className="login-form" onSubmit={submit}>
      <label>
        {text('login.name')}
        <input
          data-testid="login-name"
          autoComplete="username"
          autoCapitalize="none"
          required
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      <label>
        {text('login.password')}
        <input
          data-testid="login-password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
      </label>
      {isStatus(error, 401) ? (
        <p className="form-fault" role="alert" data-testid="login-fault">
          {text('login.wrong')}
        </p>
      ) : null}
      {error && !isStatus(error, 401) ? <Problem error={error} /> : null}
      <button type="submit" className="button" data-tone="accent" data-testid="login-submit" disabled={pending}>
        {text('login.submit')}
      </button>
    </form>
  );
};

export const LoginPage = () => {
  const text = useText();
  const plant = usePlant();
  const login = useLogin();
  return (
    <main className="login">
      <div className="login-head">
        <img src="./heliograph.svg" alt="" width="40" height="40" />
        <div>
          <h1>{plant.data?.name ?? 'Heliograph'}</h1>
          <p>{text('login.what')}</p>
        </div>
      </div>
      {plant.data?.simulated ? <SimulatedBadge plant={plant.data} long /> : null}
      {plant.error && !plant.data ? <Problem error={plant.error} onRetry={() => void plant.refetch()} /> : null}
      <LoginForm onLogin={login.mutate} pending={login.isPending} error={login.error} />
      {plant.data?.demoLogins?.length ? <DemoLogins logins={plant.data.demoLogins} onChoose={login.mutate} /> : null}
      <PreferenceControls />
    </main>
  );
};
